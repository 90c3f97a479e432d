import { describe, expect, test } from 'vitest';
import { commitAt } from './support/bare-repo.ts';
import { useScenes } from './support/scene.ts';
import type { Scene } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

/** Well-formed, and nobody's. */
const otherHostKey = `ssh-ed25519 ${Buffer.concat([
  Buffer.from([0, 0, 0, 11]),
  Buffer.from('ssh-ed25519'),
  Buffer.from([0, 0, 0, 32]),
  Buffer.alloc(32, 7),
]).toString('base64')}`;

describe.skipIf(sshd === null)('an upstream that refuses, fails or moves', () => {
  const scenes = useScenes();

  async function withCommit(): Promise<Scene & { head: string }> {
    const scene = await scenes.open();
    await scene.client.must('clone', '-q', scene.sshUrl(), 'repo');
    return { ...scene, head: await scene.client.commit('repo', { 'n.txt': 'n\n' }) };
  }
  const push = (scene: Scene) => scene.client.git('-C', 'repo', 'push', 'origin', 'HEAD:agent/new');

  test("a hook of the upstream refuses: its words are shown, and the gate's refs do not move", async () => {
    const scene = await withCommit();
    await scene.upstream.setHook(
      scene.at(),
      'pre-receive',
      '#!/bin/sh\ncat >/dev/null\nprintf "needs a ticket \\033[31mnumber\\n" >&2\nexit 1\n',
    );
    const before = await scene.refs();
    const { code, stderr } = await push(scene);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/remote: git-gate: upstream: .*needs a ticket/);
    expect(stderr).not.toContain('\u001b[31m');
    expect(stderr).toContain('remote: git-gate: upstream_rejected');
    expect(await scene.refs()).toEqual(before);
    expect((await scene.client.must('ls-remote', scene.sshUrl())).includes('agent/new')).toBe(false);
  });

  test('a hook of the upstream refuses one of two refs: none moves', async () => {
    const scene = await withCommit();
    await scene.upstream.setHook(
      scene.at(),
      'update',
      '#!/bin/sh\n[ "$1" = refs/heads/agent/two ] && { echo "not this one" >&2; exit 1; }\nexit 0\n',
    );
    const { code, stderr } = await scene.client.git(
      '-C',
      'repo',
      'push',
      'origin',
      'HEAD:agent/one',
      'HEAD:agent/two',
    );
    expect(code).not.toBe(0);
    expect(stderr).toContain('not this one');
    expect([...(await scene.refs()).keys()]).toEqual(['refs/heads/main']);
  });

  test('an upstream without atomic pushes takes the refs one after the other, and each is told truly', async () => {
    const scene = await withCommit();
    await scene.upstream.git(scene.at(), 'config', 'receive.advertiseAtomic', 'false');
    await scene.upstream.setHook(
      scene.at(),
      'update',
      '#!/bin/sh\n[ "$1" = refs/heads/agent/two ] && { echo "not this one" >&2; exit 1; }\nexit 0\n',
    );
    const { stdout } = await scene.client.git(
      '-C',
      'repo',
      'push',
      '--porcelain',
      'origin',
      'HEAD:agent/one',
      'HEAD:agent/two',
      'HEAD:agent/zoo',
    );
    const there = await scene.refs();
    expect(there.has('refs/heads/agent/two')).toBe(false);
    for (const branch of ['one', 'two', 'zoo']) {
      const line = stdout.split('\n').find((text) => text.includes(`refs/heads/agent/${branch}`));
      expect(line?.startsWith('!'), `${branch}: ${line}`).toBe(!there.has(`refs/heads/agent/${branch}`));
    }
  });

  test('the connection is cut after the upstream took the push: the next fetch tells the truth', async () => {
    const scene = await withCommit();
    // the session's own server process: nothing is reported any more, and the refs have moved
    await scene.upstream.setHook(
      scene.at(),
      'post-receive',
      '#!/bin/sh\np=$PPID; for i in 1 2 3; do p=$(cut -d" " -f4 /proc/$p/stat); case $(cat /proc/$p/comm) in sshd*) kill -9 $p; exit;; esac; done\n',
    );
    const { code } = await push(scene);
    expect((await scene.refs()).get('refs/heads/agent/new')).toBe(scene.head);
    // whether the client heard of it or not: it may not be told "refused, nothing happened" for good
    await scene.client.must('-C', 'repo', 'fetch', '-q');
    expect(await scene.client.must('-C', 'repo', 'rev-parse', 'origin/agent/new')).toBe(scene.head);
    expect(code).not.toBe(null);
  });

  test('the connection is cut before the upstream took the push: nothing moved, and a second push arrives', async () => {
    const scene = await withCommit();
    await scene.upstream.setHook(
      scene.at(),
      'pre-receive',
      '#!/bin/sh\np=$PPID; for i in 1 2 3; do p=$(cut -d" " -f4 /proc/$p/stat); case $(cat /proc/$p/comm) in sshd*) kill -9 $p; exit 1;; esac; done; exit 1\n',
    );
    const { code, stderr } = await push(scene);
    expect(code).not.toBe(0);
    expect(stderr).toContain('remote: git-gate: ');
    expect((await scene.refs()).has('refs/heads/agent/new')).toBe(false);
    await scene.upstream.setHook(scene.at(), 'pre-receive', '#!/bin/sh\nexit 0\n');
    const again = await push(scene);
    expect(again.code, again.stderr).toBe(0);
    expect((await scene.refs()).get('refs/heads/agent/new')).toBe(scene.head);
  });

  test('the upstream is down: fetch and push say so, with the address, and recover', async () => {
    const scene = await withCommit();
    await scene.upstream.pause();
    try {
      const fetch = await scene.client.git('-C', 'repo', 'fetch');
      expect(fetch.code).not.toBe(0);
      expect(fetch.stderr).toContain('remote: git-gate: refresh_failed: project: cannot refresh from');
      expect(fetch.stderr).toContain(`127.0.0.1:${scene.upstream.port}`);
      const pushed = await push(scene);
      expect(pushed.code).not.toBe(0);
      expect(pushed.stderr).toContain('remote: git-gate: refresh_failed: project: cannot refresh from');
      expect(JSON.stringify([scene.gate.logs, scene.gate.events])).toContain('refresh_failed');
    } finally {
      await scene.upstream.resume();
    }
    expect((await push(scene)).code).toBe(0);
  });

  test('the repository is gone at the upstream: fetch says so and serves nothing old', async () => {
    const scene = await scenes.open({
      repos: [{ name: 'project' }, { name: 'missing', more: { path: '/nowhere/at/all.git' } }],
    });
    const { code, stderr } = await scene.client.git('clone', scene.gate.url('missing'), 'repo');
    expect(code).not.toBe(0);
    expect(stderr).toContain('remote: git-gate: refresh_failed: missing: cannot refresh from');
    expect(scene.gate.events).toContainEqual(expect.objectContaining({ code: 'refresh_failed' }));
  });

  test.each([
    ['no host key', { host_key: null }, 'git-gate.repos.project.host_key'],
    ['no key', { key_slot: null }, 'git-gate.repos.project.identity'],
    ['another host key', { host_key: otherHostKey }, 'Host key verification failed'],
  ])('%s: refused, and it says what is missing', async (_, more, said) => {
    const scene = await scenes.open({ repos: [{ name: 'project', more }] });
    const { code, stderr } = await scene.client.git('clone', scene.sshUrl(), 'repo');
    expect(code).not.toBe(0);
    expect(stderr).toContain('remote: git-gate: refresh_failed: project: ');
    expect(stderr).toContain(said);
    expect(scene.gate.events).toContainEqual(expect.objectContaining({ code: 'refresh_failed' }));
    expect((await scene.upstream.commands()).some((command) => command.includes(scene.at()))).toBe(false);
  });

  test.each([
    ['before the upstream tells its refs', 'setBeforeReceive'],
    ['while the upstream takes the push', 'setHook'],
  ] as const)('somebody else moves the branch %s: their commit stays', async (_, when) => {
    const scene = await withCommit();
    const { upstream } = scene;
    const repo = upstream.repoPath(scene.at());
    expect((await push(scene)).code).toBe(0);
    await scene.client.commit('repo', { 'more.txt': 'm\n' });
    await commitAt(repo, [{ ref: 'refs/heads/other', message: 'theirs', files: { 't.txt': 't\n' } }]);
    const theirs = await upstream.git(scene.at(), 'rev-parse', 'refs/heads/other');
    const script = `#!/bin/sh\nunset GIT_QUARANTINE_PATH\nexec git --git-dir='${repo}' update-ref refs/heads/agent/new ${theirs}\n`;
    if (when === 'setHook') await upstream.setHook(scene.at(), 'update', script);
    else await upstream.setBeforeReceive(script);
    try {
      const { code, stderr } = await push(scene);
      expect(code).not.toBe(0);
      if (when === 'setBeforeReceive') expect(stderr).toContain('remote: git-gate: stale_ref');
    } finally {
      await upstream.setBeforeReceive(null);
    }
    expect((await scene.refs()).get('refs/heads/agent/new')).toBe(theirs);
    await scene.client.must('ls-remote', scene.sshUrl());
  });
});
