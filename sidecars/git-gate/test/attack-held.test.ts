import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commitAt } from './support/bare-repo.ts';
import { fakeSecret } from './support/fake-secrets.ts';
import { fetchBody, uploadPackHeaders } from './support/pkt-line.ts';
import { rawRequest } from './support/raw-http.ts';
import type { Finished } from './support/run-program.ts';
import { useScenes } from './support/scene.ts';
import type { Scene, SceneOptions } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

describe.skipIf(sshd === null)('pushes that wait for a human', () => {
  const scenes = useScenes();

  async function opened(
    options: SceneOptions = {},
  ): Promise<Scene & { hold: (branch: string, files?: Record<string, string>) => Promise<Finished> }> {
    const scene = await scenes.open({ supervise: true, ...options });
    await scene.client.must('clone', '-q', scene.sshUrl(), 'repo');
    let count = 0;
    return {
      ...scene,
      hold: async (branch, files) => {
        count += 1;
        await scene.client.must('-C', 'repo', 'checkout', '-q', '-B', `local-${count}`, 'origin/main');
        await scene.client.commit('repo', files ?? { '.github/workflows/ci.yml': `on: push # ${branch}\n` });
        return await scene.client.git('-C', 'repo', 'push', 'origin', `HEAD:agent/${branch}`);
      },
    };
  }

  test('an approved one arrives while the client waits', async () => {
    const { hold, gate, refs } = await opened();
    const pushing = hold('a');
    const { id, request } = await gate.proposal(0);
    expect(request.kind).toBe('push-approval');
    expect((await refs()).size).toBe(1);
    await gate.decide({ proposal: id, outcome: 'approved', reason: '' });
    const { code, stderr } = await pushing;
    expect(code, stderr).toBe(0);
    expect((await refs()).has('refs/heads/agent/a')).toBe(true);
  });

  test('a rejected one does not arrive, and the client reads why', async () => {
    const { hold, gate, refs } = await opened();
    const pushing = hold('a');
    const { id } = await gate.proposal(0);
    await gate.decide({ proposal: id, outcome: 'rejected', reason: 'not\u001b[31m today' });
    const { code, stderr } = await pushing;
    expect(code).not.toBe(0);
    expect(stderr).toContain('approval_rejected');
    expect(stderr).toContain('today');
    expect(stderr).not.toContain('\u001b[31m');
    expect((await refs()).size).toBe(1);
  });

  test('nobody can approve what was never proposed', async () => {
    const { gate } = await opened();
    await expect(
      gate.decide({ proposal: 'zzzzzzzzzzzzzzzz', outcome: 'approved', reason: '' }),
    ).rejects.toThrow();
  });

  test('one that is approved twice is forwarded once', async () => {
    const { hold, gate, refs } = await opened();
    const pushing = hold('a');
    const { id } = await gate.proposal(0);
    const decisions = await Promise.allSettled([
      gate.decide({ proposal: id, outcome: 'approved', reason: '' }),
      gate.decide({ proposal: id, outcome: 'approved', reason: '' }),
    ]);
    expect(decisions.some(({ status }) => status === 'fulfilled')).toBe(true);
    expect((await pushing).code).toBe(0);
    expect((await refs()).has('refs/heads/agent/a')).toBe(true);
  });

  test('a client that cannot wait is told, and approval forwards the push without it', async () => {
    const { hold, gate, refs, client } = await opened({ limits: { hold_seconds: 1 } });
    const { code, stderr } = await hold('a');
    expect(code).not.toBe(0);
    expect(stderr).toContain('git-gate: ');
    expect((await refs()).size).toBe(1);
    const { id } = await gate.proposal(0);
    await gate.decide({ proposal: id, outcome: 'approved', reason: '' });
    expect((await refs()).has('refs/heads/agent/a')).toBe(true);
    await client.must('-C', 'repo', 'fetch', '-q');
    expect(await client.must('-C', 'repo', 'branch', '-r')).toContain('origin/agent/a');
  });

  test('another push goes through while one waits', async () => {
    const { hold, gate, refs, newClient, sshUrl } = await opened();
    const pushing = hold('a');
    const { id } = await gate.proposal(0);
    const other = await newClient();
    await other.must('clone', '-q', sshUrl(), 'repo');
    await other.commit('repo', { 'n.txt': 'n\n' });
    expect((await other.git('-C', 'repo', 'push', 'origin', 'HEAD:agent/b')).code).toBe(0);
    expect((await refs()).has('refs/heads/agent/b')).toBe(true);
    await gate.decide({ proposal: id, outcome: 'rejected', reason: 'no' });
    expect((await pushing).code).not.toBe(0);
  });

  test('its branch moves at the upstream meanwhile: approval does not overwrite that', async () => {
    const { hold, gate, refs, upstream, at, client } = await opened({ limits: { hold_seconds: 1 } });
    expect((await hold('a')).code).not.toBe(0);
    await commitAt(upstream.repoPath(at()), [
      { ref: 'refs/heads/agent/a', message: 'theirs', files: { 't.txt': 't\n' } },
    ]);
    const theirs = (await refs()).get('refs/heads/agent/a');
    const { id } = await gate.proposal(0);
    await expect(gate.decide({ proposal: id, outcome: 'approved', reason: '' })).rejects.toThrow();
    expect((await refs()).get('refs/heads/agent/a')).toBe(theirs);
    await client.must('-C', 'repo', 'fetch', '-q');
  });

  test('the upstream is down when the human agrees: the push stays, and a second yes forwards it', async () => {
    const { hold, gate, refs, upstream, client } = await opened({ limits: { hold_seconds: 1 } });
    expect((await hold('a')).code).not.toBe(0);
    const { id } = await gate.proposal(0);
    await upstream.pause();
    try {
      await expect(gate.decide({ proposal: id, outcome: 'approved', reason: '' })).rejects.toThrow();
    } finally {
      await upstream.resume();
    }
    await gate.decide({ proposal: id, outcome: 'approved', reason: '' });
    expect((await refs()).has('refs/heads/agent/a')).toBe(true);
    await client.must('-C', 'repo', 'fetch', '-q');
  });

  test('more than the limit is refused, and a decision makes room', { timeout: 60_000 }, async () => {
    const { hold, gate } = await opened({ limits: { hold_seconds: 1, held: 2 } });
    await hold('a');
    await hold('b');
    const third = await hold('c');
    expect(third.code).not.toBe(0);
    expect(third.stderr).toContain('too_many_proposals');
    expect(gate.proposals.length).toBe(2);
    const { id } = await gate.proposal(0);
    await gate.decide({ proposal: id, outcome: 'rejected', reason: 'no' });
    await hold('d');
    expect(gate.proposals.length).toBe(3);
  });

  test('the same push again joins the one that waits', { timeout: 60_000 }, async () => {
    const { hold, gate, client } = await opened({ limits: { hold_seconds: 1 } });
    await hold('a');
    const again = await client.git('-C', 'repo', 'push', 'origin', 'HEAD:agent/a');
    expect(again.code).not.toBe(0);
    expect(gate.proposals.length).toBe(1);
  });

  test('their bytes count against max_bytes', { timeout: 60_000 }, async () => {
    const { hold } = await opened({
      limits: { hold_seconds: 1 },
      repos: [{ name: 'project', push: { max_bytes: 60_000 } }],
    });
    const noise = (seed: string): string =>
      Array.from({ length: 1500 }, (_, line) => `${fakeSecret(`${seed}${line}`, 'twilio').slice(2)}\n`).join(
        '',
      );
    const first = await hold('a', { '.gitmodules': noise('a') });
    expect(first.stderr).not.toContain('push_policy_size');
    const second = await hold('b', { '.gitmodules': noise('b') });
    expect(second.code).not.toBe(0);
    expect(second.stderr).toMatch(/too_many_proposals|push_policy_size|limit_exceeded/);
  });

  test('objects of a held push cannot be fetched', async () => {
    const { hold, gate, client } = await opened({ limits: { hold_seconds: 1 } });
    await hold('a');
    for (const revision of ['HEAD', 'HEAD:.github/workflows/ci.yml']) {
      const oid = await client.must('-C', 'repo', 'rev-parse', revision);
      const { text } = await rawRequest(gate.port, {
        target: '/project.git/git-upload-pack',
        headers: { ...uploadPackHeaders, 'Git-Protocol': 'version=2' },
        body: fetchBody([oid]),
      });
      expect(text).not.toContain('PACK');
    }
  });

  test('a refused finding is never proposed; a marked one is, without its value', async () => {
    const secret = fakeSecret('held');
    const { hold, gate } = await opened({ limits: { hold_seconds: 1 } });
    const plain = await hold('a', { 'a.ini': `token = "${secret}"\n` });
    expect(plain.stderr).toContain('secret_found');
    expect(gate.proposals).toEqual([]);
    await hold('b', { 'a.ini': `token = "${secret}" # gitleaks:allow\n` });
    const { request } = await gate.proposal(0);
    expect(request.kind).toBe('gitleaks-allow');
    expect(JSON.stringify(request)).not.toContain(secret);
  });

  test('a marked finding does not carry one that is not marked through', async () => {
    const { hold, gate } = await opened({ limits: { hold_seconds: 1 } });
    const { stderr } = await hold('a', {
      'a.ini': `token = "${fakeSecret('one')}" # gitleaks:allow\ntoken = "${fakeSecret('two')}"\n`,
    });
    expect(stderr).toContain('secret_found');
    expect(gate.proposals).toEqual([]);
  });

  test('a client that goes away leaves the push with the human', async () => {
    const { gate, refs, client } = await opened();
    await client.commit('repo', { '.gitmodules': 'x\n' });
    const ending = new AbortController();
    const pushing = client.run(['-C', 'repo', 'push', 'origin', 'HEAD:agent/a'], { signal: ending.signal });
    const { id } = await gate.proposal(0);
    ending.abort();
    await pushing;
    await gate.decide({ proposal: id, outcome: 'approved', reason: '' });
    expect((await refs()).has('refs/heads/agent/a')).toBe(true);
    await client.must('-C', 'repo', 'fetch', '-q');
  });

  test('nothing of them is left when the gate ends', async () => {
    const { hold, gate } = await opened({ limits: { hold_seconds: 1 } });
    await hold('a');
    await gate.server.close();
    const left = await readdir(join(gate.folder, 'root'), { recursive: true }).catch((): string[] => []);
    expect(left.filter((path) => path.includes('held/'))).toEqual([]);
  });
});
