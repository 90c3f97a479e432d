import { describe, expect, test } from 'vitest';
import { commitAt } from './support/bare-repo.ts';
import type { Client } from './support/client.ts';
import type { Finished } from './support/run-program.ts';
import { useScenes } from './support/scene.ts';
import type { Scene, SceneOptions } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

const branches = [
  { message: 'first', files: { 'a.txt': 'a\n' } },
  { ref: 'refs/heads/agent/work', message: 'theirs', files: { 'b.txt': 'b\n' } },
];

describe.skipIf(sshd === null)('pushing with stock git', () => {
  const scenes = useScenes();

  async function cloned(
    push: NonNullable<SceneOptions['repos']>[number]['push'] = {},
    more: Partial<NonNullable<SceneOptions['repos']>[number]> = {},
    options: SceneOptions = {},
  ): Promise<Scene & { push: (...args: string[]) => Promise<Finished>; commit: Client['commit'] }> {
    const scene = await scenes.open({
      ...options,
      repos: [{ name: 'project', at: { commits: branches }, push, ...more }],
    });
    await scene.client.must('clone', '-q', scene.sshUrl(), 'repo');
    return {
      ...scene,
      push: (...args) => scene.client.git('-C', 'repo', 'push', 'origin', ...args),
      commit: (_, files, message) => scene.client.commit('repo', files, message),
    };
  }

  test('a new branch arrives at the upstream, and the client tracks it', async () => {
    const { commit, push, client, refs, gate } = await cloned();
    await client.must('-C', 'repo', 'checkout', '-qb', 'agent/new');
    const head = await commit('', { 'n.txt': 'n\n' });
    const { code, stderr } = await push('-u', 'agent/new');
    expect(code, stderr).toBe(0);
    expect((await refs()).get('refs/heads/agent/new')).toBe(head);
    expect(stderr).toContain('remote: git-gate: ');
    expect(gate.events).toContainEqual(
      expect.objectContaining({ layer: 'git-gate', action: 'push', outcome: 'allowed', code: null }),
    );
    const { stdout } = await client.git('-C', 'repo', 'status', '-sb');
    expect(stdout).toContain('## agent/new...origin/agent/new');
  });

  test('an existing branch moves forward', async () => {
    const { commit, push, client, refs } = await cloned();
    await client.must('-C', 'repo', 'checkout', '-q', 'agent/work');
    const head = await commit('', { 'n.txt': 'n\n' });
    expect((await push('agent/work')).code).toBe(0);
    expect((await refs()).get('refs/heads/agent/work')).toBe(head);
  });

  test('two pushes in a row and a fetch in between', async () => {
    const { commit, push, client, refs } = await cloned();
    await client.must('-C', 'repo', 'checkout', '-qb', 'agent/new');
    for (const round of ['1', '2', '3']) {
      const head = await commit('', { 'n.txt': round });
      expect((await push('agent/new')).code).toBe(0);
      expect((await refs()).get('refs/heads/agent/new')).toBe(head);
      await client.must('-C', 'repo', 'fetch', '-q');
    }
  });

  test('a tag is refused unless tags are allowed', async () => {
    const refused = await cloned();
    await refused.client.must('-C', 'repo', 'tag', 'v1');
    const { code, stderr } = await refused.push('v1');
    expect(code).not.toBe(0);
    expect(stderr).toContain('remote: git-gate: push_policy_tag');
    const allowed = await cloned({ tags: true });
    await allowed.client.must('-C', 'repo', 'tag', '-am', 'one', 'v1');
    expect((await allowed.push('v1')).code).toBe(0);
    expect((await allowed.refs()).has('refs/tags/v1')).toBe(true);
  });

  test('a rewritten branch is refused unless force is allowed', async () => {
    const refused = await cloned();
    await refused.commit('', { 'mine.txt': 'm\n' });
    const { code, stderr } = await refused.push('--force', 'HEAD:agent/work');
    expect(code).not.toBe(0);
    expect(stderr).toContain('remote: git-gate: push_policy_force');
    const allowed = await cloned({ force: true });
    const head = await allowed.commit('', { 'mine.txt': 'm\n' });
    expect((await allowed.push('--force', 'HEAD:agent/work')).code).toBe(0);
    expect((await allowed.refs()).get('refs/heads/agent/work')).toBe(head);
  });

  test('a deletion is refused unless it is allowed', async () => {
    const refused = await cloned();
    const { code, stderr } = await refused.push('--delete', 'agent/work');
    expect(code).not.toBe(0);
    expect(stderr).toContain('remote: git-gate: push_policy_delete');
    const allowed = await cloned({ delete: true });
    expect((await allowed.push('--delete', 'agent/work')).code).toBe(0);
    expect((await allowed.refs()).has('refs/heads/agent/work')).toBe(false);
  });

  test('several refs arrive together', async () => {
    const { commit, push, refs } = await cloned({ tags: true });
    const head = await commit('', { 'n.txt': 'n\n' });
    expect((await push('HEAD:agent/one', 'HEAD:agent/two', 'HEAD:refs/tags/three')).code).toBe(0);
    const there = await refs();
    for (const ref of ['refs/heads/agent/one', 'refs/heads/agent/two', 'refs/tags/three']) {
      expect(there.get(ref)).toBe(head);
    }
  });

  test('several refs of which one is refused: nothing moves', async () => {
    const { commit, push, refs } = await cloned({ branches: ['agent/**'] });
    await commit('', { 'n.txt': 'n\n' });
    const before = await refs();
    const { code, stderr } = await push('HEAD:agent/one', 'HEAD:other');
    expect(code).not.toBe(0);
    expect(stderr).toContain('push_policy_branch');
    expect(stderr).toContain('other');
    expect(await refs()).toEqual(before);
  });

  test('every reason is told at once', async () => {
    const { commit, push } = await cloned({ branches: ['agent/**'] });
    await commit('', { '.gitmodules': '\n' });
    const { stderr } = await push(
      'HEAD:agent/one',
      'HEAD:other',
      'HEAD:refs/tags/v1',
      '--force',
      ':agent/work',
    );
    for (const code of ['push_policy_branch', 'push_policy_tag', 'push_policy_path', 'push_policy_delete']) {
      expect(stderr).toContain(`remote: git-gate: ${code}`);
    }
  });

  test('--atomic moves all or nothing', async () => {
    const { commit, push, refs } = await cloned({ branches: ['agent/**'] });
    await commit('', { 'n.txt': 'n\n' });
    expect((await push('--atomic', 'HEAD:agent/one', 'HEAD:other')).code).not.toBe(0);
    expect((await refs()).has('refs/heads/agent/one')).toBe(false);
    expect((await push('--atomic', 'HEAD:agent/one', 'HEAD:agent/two')).code).toBe(0);
    expect((await refs()).has('refs/heads/agent/two')).toBe(true);
  });

  test('the first push into an empty repository', async () => {
    const scene = await scenes.open({
      repos: [{ name: 'project', at: { commits: [] }, push: { protect_default: false } }],
    });
    await scene.client.must('clone', '-q', scene.sshUrl(), 'repo');
    const head = await scene.client.commit('repo', { 'a.txt': 'a\n' });
    const { code, stderr } = await scene.client.git('-C', 'repo', 'push', '-u', 'origin', 'main');
    expect(code, stderr).toBe(0);
    expect((await scene.refs()).get('refs/heads/main')).toBe(head);
    await scene.client.must('clone', '-q', scene.sshUrl(), 'again');
  });

  test('a history that has nothing in common with the upstream', async () => {
    const { client, sshUrl, refs } = await scenes.open();
    await client.must('init', '-q', 'repo');
    const head = await client.commit('repo', { 'a.txt': 'a\n' });
    const { code, stderr } = await client.git('-C', 'repo', 'push', sshUrl(), 'HEAD:refs/heads/agent/other');
    expect(code, stderr).toBe(0);
    expect((await refs()).get('refs/heads/agent/other')).toBe(head);
  });

  test('a repository with SHA-256 object names takes a push', async () => {
    const { commit, push, refs } = await cloned({}, { at: { objectFormat: 'sha256' } });
    const head = await commit('', { 'n.txt': 'n\n' });
    const { code, stderr } = await push('HEAD:agent/new');
    expect(code, stderr).toBe(0);
    expect(head.length).toBe(64);
    expect((await refs()).get('refs/heads/agent/new')).toBe(head);
  });

  test.each(['0', '1', '2'])('protocol version %s pushes', async (version) => {
    const { commit, push, refs } = await cloned(
      {},
      {},
      { client: { config: { 'protocol.version': version } } },
    );
    const head = await commit('', { 'n.txt': 'n\n' });
    expect((await push('HEAD:agent/new')).code).toBe(0);
    expect((await refs()).get('refs/heads/agent/new')).toBe(head);
  });

  test.each([
    ['a small buffer, so that the body is chunked', '65536'],
    ['a large buffer, so that the body has a length', '50000000'],
  ])('%s', async (_, postBuffer) => {
    const { commit, push, refs } = await cloned(
      {},
      {},
      { client: { config: { 'http.postBuffer': postBuffer } } },
    );
    const head = await commit('', { 'n.txt': `${'line\n'.repeat(200_000)}` });
    expect((await push('HEAD:agent/new')).code).toBe(0);
    expect((await refs()).get('refs/heads/agent/new')).toBe(head);
  });

  test('a negotiation that is long enough for git to compress it', async () => {
    const { client, sshUrl, upstream, at, commit } = await cloned();
    const stream = Array.from(
      { length: 400 },
      (_, index) =>
        `commit refs/heads/local/${index}\ncommitter A <a@example.com> ${1_700_000_000 + index} +0000\ndata 1\nx\n\n`,
    );
    await client.run(['-C', 'repo', 'fast-import', '--quiet'], { input: stream.join('') });
    await commit('', { 'n.txt': 'n\n' });
    await commitAt(upstream.repoPath(at()), [{ message: 'theirs', files: { 't.txt': 't\n' } }]);
    const { code, stderr } = await client.run(['-C', 'repo', 'fetch', sshUrl()], {
      env: { GIT_CURL_VERBOSE: '1', GIT_TRACE_CURL_NO_DATA: '1' },
    });
    expect(code, stderr).toBe(0);
    expect(stderr.toLowerCase()).toContain('content-encoding: gzip');
  });

  test('names outside of ASCII', async () => {
    const { commit, push, refs } = await cloned();
    const head = await commit('', { 'файл/日本語 😀.txt': 'x\n' }, 'größer ✨');
    const { code, stderr } = await push('HEAD:refs/heads/agent/größe-日本');
    expect(code, stderr).toBe(0);
    expect((await refs()).get('refs/heads/agent/größe-日本')).toBe(head);
  });

  test('from a shallow clone', async () => {
    const { client, sshUrl, refs } = await cloned();
    await client.must('clone', '-q', '--depth=1', sshUrl(), 'shallow');
    const head = await client.commit('shallow', { 'n.txt': 'n\n' });
    const { code, stderr } = await client.git('-C', 'shallow', 'push', 'origin', 'HEAD:agent/new');
    expect(code, stderr).toBe(0);
    expect((await refs()).get('refs/heads/agent/new')).toBe(head);
  });

  test('from a partial clone', async () => {
    const { client, sshUrl, refs } = await cloned();
    await client.must('clone', '-q', '--filter=blob:none', sshUrl(), 'partial');
    const head = await client.commit('partial', { 'n.txt': 'n\n' });
    expect((await client.git('-C', 'partial', 'push', 'origin', 'HEAD:agent/new')).code).toBe(0);
    expect((await refs()).get('refs/heads/agent/new')).toBe(head);
  });

  test('a branch that moved at the upstream meanwhile is refused as git refuses it', async () => {
    const { commit, push, upstream, at, refs, client } = await cloned();
    await client.must('-C', 'repo', 'checkout', '-q', 'agent/work');
    await commit('', { 'mine.txt': 'm\n' });
    await commitAt(upstream.repoPath(at()), [
      { ref: 'refs/heads/agent/work', message: 'theirs', files: { 't.txt': 't\n' } },
    ]);
    const before = await refs();
    const { code, stderr } = await push('agent/work');
    expect(code).not.toBe(0);
    expect(stderr).toContain('[rejected]');
    expect(await refs()).toEqual(before);
    await client.must('-C', 'repo', 'pull', '-q', '--rebase');
    expect((await push('agent/work')).code).toBe(0);
  });

  test('a dry run moves nothing', async () => {
    const { commit, push, refs } = await cloned();
    await commit('', { 'n.txt': 'n\n' });
    const before = await refs();
    expect((await push('--dry-run', 'HEAD:agent/new')).code).toBe(0);
    expect(await refs()).toEqual(before);
  });

  test('two clients at the same branch: one arrives, the other is told', async () => {
    const { newClient, sshUrl, refs } = await cloned();
    const [one, two] = [await newClient(), await newClient()];
    for (const client of [one, two]) {
      await client.must('clone', '-q', '-b', 'agent/work', sshUrl(), 'repo');
      await client.commit('repo', { [`${client.home.slice(-6)}.txt`]: 'x\n' });
    }
    const results = await Promise.all(
      [one, two].map((client) => client.git('-C', 'repo', 'push', 'origin', 'agent/work')),
    );
    expect(results.filter(({ code }) => code === 0).length).toBe(1);
    const winner = results[0]?.code === 0 ? one : two;
    expect((await refs()).get('refs/heads/agent/work')).toBe(
      await winner.must('-C', 'repo', 'rev-parse', 'HEAD'),
    );
  });

  test('an empty repository with SHA-256 object names takes its first push', async () => {
    const scene = await scenes.open({
      repos: [
        { name: 'project', at: { commits: [], objectFormat: 'sha256' }, push: { protect_default: false } },
      ],
    });
    await scene.client.must('init', '-q', '--object-format=sha256', 'repo');
    const head = await scene.client.commit('repo', { 'a.txt': 'a\n' });
    await scene.client.must('-C', 'repo', 'push', scene.sshUrl(), 'main');
    expect((await scene.refs()).get('refs/heads/main')).toBe(head);
  });
});
