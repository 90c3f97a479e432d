import { existsSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { access, writeFile } from 'node:fs/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { pushFixture } from './push-fixture.ts';
import type { FixtureOptions, PushFixture } from './push-fixture.ts';
import { fakeSecret } from './support/fake-secrets.ts';
import { packOf, receivePackBody, receivePackHeaders, zeroOid } from './support/pkt-line.ts';
import { rawBytes, rawRequest } from './support/raw-http.ts';
import { sshd } from './support/sshd.ts';

async function opened(options: FixtureOptions = {}): Promise<PushFixture> {
  const fixture = await pushFixture(options);
  onTestFinished(async () => await fixture.close());
  return fixture;
}

const pushEvents = ({ events }: PushFixture) => events.filter(({ action }) => action === 'push');

describe.skipIf(sshd === null)('a push', () => {
  test('is recorded before it is forwarded, and afterwards with what became of it', async () => {
    const fixture = await opened({
      audit: async ({ action, outcome }) => {
        if (action === 'push')
          atEvent.push([outcome, (await fixture.upstream.refs('project')).has('refs/heads/topic')]);
      },
    });
    const atEvent: Array<[string, boolean]> = [];
    const oid = await fixture.client.commit('repo', { 'a.txt': 'one\n' });
    await fixture.client.must('-C', 'repo', 'push', '-q', 'origin', 'HEAD:refs/heads/topic');
    expect(atEvent).toEqual([
      ['allowed', false],
      ['done', true],
    ]);
    const [allowed, done] = pushEvents(fixture);
    expect(allowed).toMatchObject({ target: 'project refs/heads/topic', code: null, layer: 'git-gate' });
    expect(allowed?.details).toMatchObject({
      refs: `refs/heads/topic none..${oid}`,
      scanner: 'builtin',
      objects: 3,
    });
    expect(done?.details['forward_ms']).toBeGreaterThan(0);
  });

  test('goes nowhere when it cannot be recorded', async () => {
    const fixture = await opened({
      audit: async ({ action }) => {
        if (action === 'push') throw new Error('disk full: /secret/path');
      },
    });
    await fixture.client.commit('repo', { 'a.txt': 'one\n' });
    const { code, stderr } = await fixture.client.git(
      '-C',
      'repo',
      'push',
      'origin',
      'HEAD:refs/heads/topic',
    );
    expect(code).not.toBe(0);
    expect(stderr).toContain('remote: git-gate: audit_unavailable');
    expect(stderr).not.toContain('/secret/path');
    expect((await fixture.upstream.refs('project')).has('refs/heads/topic')).toBe(false);
  });

  test('a fetch goes nowhere either', async () => {
    let isBroken = false;
    const fixture = await opened({
      audit: async () => {
        if (isBroken) throw new Error('disk full');
      },
    });
    isBroken = true;
    const { code, stderr } = await fixture.client.git('-C', 'repo', 'fetch', 'origin');
    expect(code).not.toBe(0);
    expect(stderr).toContain('remote error: git-gate: audit_unavailable');
  });

  test('hears everything that is against it at once', async () => {
    const fixture = await opened({ push: { branches: ['agent/*'], approve: 'never' } });
    const token = fakeSecret('pipeline');
    await fixture.client.commit('repo', {
      'config.txt': `token = ${token}\n`,
      '.github/workflows/ci.yml': 'on: push\n',
    });
    const { code, stderr } = await fixture.client.git(
      '-C',
      'repo',
      'push',
      'origin',
      'HEAD:main',
      'HEAD:refs/tags/v1',
    );
    expect(code).not.toBe(0);
    for (const expected of ['push_policy_branch', 'push_policy_tag', 'secret_found', 'push_policy_path'])
      expect(stderr).toContain(expected);
    expect(stderr).not.toContain(token);
    expect(pushEvents(fixture)).toMatchObject([
      { outcome: 'denied', code: 'push_policy_branch', rule: 'branches' },
    ]);
  });

  test('with options is refused, and without passes', async () => {
    const fixture = await opened();
    await fixture.client.commit('repo', { 'a.txt': 'one\n' });
    const push = (...more: string[]) =>
      fixture.client.git('-C', 'repo', 'push', ...more, 'origin', 'HEAD:refs/heads/topic');
    const refused = await push('-o', 'ci.skip ok', '-o', '$(id)');
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('push_option_refused');
    expect((await push()).code).toBe(0);
  });

  test('a line break in a ref name cannot add a command', async () => {
    const fixture = await opened();
    const oid = await fixture.client.commit('repo', { 'a.txt': 'one\n' });
    const objects = (await fixture.client.must('-C', 'repo', 'rev-list', '--objects', 'HEAD', '^origin/main'))
      .split('\n')
      .map((line) => line.slice(0, 40));
    const pack = await packOf(fixture.client.at('repo', '.git'), objects);
    const ref = `refs/heads/topic\n${zeroOid} ${oid} refs/heads/other\nend\nok`;
    const answer = await rawRequest(fixture.port, {
      target: '/project.git/git-receive-pack',
      headers: receivePackHeaders,
      body: receivePackBody([{ oldOid: zeroOid, newOid: oid, ref }], pack),
    });
    expect(answer.text).toMatch(/malformed_request|funny refname|not what git/);
    expect([...(await fixture.upstream.refs('project')).keys()]).toEqual(['refs/heads/main']);
  });

  test('more refs than can be proved are refused at once', async () => {
    const fixture = await opened();
    const oid = await fixture.client.must('-C', 'repo', 'rev-parse', 'HEAD');
    const commands = Array.from({ length: 1001 }, (_, index) => ({
      oldOid: zeroOid,
      newOid: oid,
      ref: `refs/heads/x${index}`,
    }));
    const empty = await packOf(fixture.client.at('repo', '.git'), []);
    const answer = await rawRequest(fixture.port, {
      target: '/project.git/git-receive-pack',
      headers: receivePackHeaders,
      body: receivePackBody(commands, empty),
    });
    expect(answer.text).toContain('1001 refs in one push');
    expect((await fixture.upstream.refs('project')).size).toBe(1);
  });

  test('larger than allowed is refused in words that the client shows', async () => {
    const fixture = await opened({ push: { max_bytes: 2_000_000 }, limits: { idle_seconds: 600 } });
    await fixture.client.commit('repo', { 'big.bin': randomBytes(8_000_000) });
    const { code, stderr } = await fixture.client.git(
      '-C',
      'repo',
      'push',
      'origin',
      'HEAD:refs/heads/topic',
    );
    expect(code).not.toBe(0);
    expect(stderr).toContain('remote: fatal: pack exceeds maximum allowed size');
    expect((await fixture.client.git('-C', 'repo', 'fetch', 'origin')).code).toBe(0);
  });

  test('a client that leaves while it waits for a human frees its place', async () => {
    const fixture = await opened({
      supervise: true,
      push: { approve: 'always' },
      limits: { requests_per_repo: 1 },
    });
    await fixture.client.commit('repo', { 'a.txt': 'one\n' });
    const leaving = new AbortController();
    const pushing = fixture.client.run(['-C', 'repo', 'push', 'origin', 'HEAD:refs/heads/topic'], {
      signal: leaving.signal,
    });
    await fixture.proposed(1);
    const busy = await fixture.client.git('-C', 'repo', 'fetch', 'origin');
    expect(busy.stderr).toContain('limit_exceeded: 1 requests are served');
    leaving.abort();
    await pushing;
    await expect
      .poll(async () => (await fixture.client.git('-C', 'repo', 'fetch', 'origin')).code, { timeout: 10_000 })
      .toBe(0);
  });

  test('whose client leaves while it is forwarded arrives, and the mirror knows', async () => {
    const fixture = await opened();
    const [begun, go] = [fixture.client.at('begun'), fixture.client.at('go')];
    const wait = `#!/bin/sh\n: > ${begun}\nwhile [ ! -e ${go} ]; do sleep 0.05; done\n`;
    await fixture.upstream.setHook('project', 'pre-receive', wait);
    const oid = await fixture.client.commit('repo', { 'a.txt': 'one\n' });
    const leaving = new AbortController();
    const pushing = fixture.client.run(['-C', 'repo', 'push', 'origin', 'HEAD:refs/heads/topic'], {
      signal: leaving.signal,
    });
    await expect
      .poll(
        () =>
          access(begun).then(
            () => true,
            () => false,
          ),
        { timeout: 10_000 },
      )
      .toBe(true);
    leaving.abort();
    await pushing;
    await writeFile(go, '');
    await expect
      .poll(() => pushEvents(fixture).map(({ outcome }) => outcome), { timeout: 10_000 })
      .toEqual(['allowed', 'done']);
    expect((await fixture.upstream.refs('project')).get('refs/heads/topic')).toBe(oid);
    expect(await fixture.client.must('-C', 'repo', 'ls-remote', 'origin', 'refs/heads/topic')).toContain(oid);
  });

  test('many at a time cannot fill the disk: together they bring no more than two of the largest', async () => {
    const fixture = await opened({ push: { max_bytes: 1_000_000 }, limits: { idle_seconds: 600 } });
    const oid = await fixture.client.commit('repo', { 'big.bin': randomBytes(900_000) });
    const objects = await fixture.client.must(
      '-C',
      'repo',
      'rev-list',
      '--objects',
      '--no-object-names',
      'HEAD',
    );
    const pack = await packOf(fixture.client.at('repo', '.git'), objects.split('\n'));
    const body = receivePackBody([{ oldOid: zeroOid, newOid: oid, ref: 'refs/heads/x' }], pack);
    // one that git has read waits for the upstream; no more than two are read at a time
    const [mark, go] = [`${fixture.upstream.folder}/in-hook`, `${fixture.upstream.folder}/go-on`];
    await fixture.upstream.setHook(
      'project',
      'pre-receive',
      `#!/bin/sh\ntouch ${mark}\nwhile [ ! -e ${go} ]; do sleep 0.05; done\n`,
    );
    const waiting = fixture.client.git('-C', 'repo', 'push', 'origin', `${oid}:refs/heads/waiting`);
    await expect.poll(() => existsSync(mark), { timeout: 10_000 }).toBe(true);
    const unfinished = Array.from({ length: 2 }, () =>
      rawBytes(fixture.port, [
        'POST /project.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n',
        `Content-Type: ${receivePackHeaders['Content-Type']}\r\n\r\n`,
        `${(body.length - 100).toString(16)}\r\n`,
        body.subarray(0, -100),
      ]),
    );
    const first = await Promise.race(unfinished);
    expect(first.status).toBe(413);
    await writeFile(go, '');
    await fixture.server.close();
    await Promise.all([waiting, ...unfinished]);
  });
});
