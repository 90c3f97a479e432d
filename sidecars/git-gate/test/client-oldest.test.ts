import { describe, expect, test } from 'vitest';
import { commitAt } from './support/bare-repo.ts';
import { oldestGit } from './support/git-versions.ts';
import { useScenes } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

describe.skipIf(sshd === null || oldestGit === null)('git 2.30, the oldest that is served', () => {
  const scenes = useScenes();

  test('is what these tests run', async () => {
    const { newClient } = await scenes.open();
    const client = await newClient(oldestGit ?? {});
    expect(await client.must('--version')).toBe('git version 2.30.2');
  });

  test.each(['0', '1', '2'])('clones, fetches and pushes with protocol version %s', async (version) => {
    const { newClient, sshUrl, upstream, at, refs } = await scenes.open();
    const client = await newClient({ ...oldestGit, config: { 'protocol.version': version } });
    await client.must('clone', '-q', sshUrl(), 'repo');
    await client.must('clone', '-q', '--depth=1', sshUrl(), 'shallow');
    await commitAt(upstream.repoPath(at()), [{ message: 'next', files: { 'n.txt': 'n\n' } }]);
    await client.must('-C', 'repo', 'pull', '-q', '--ff-only');
    const head = await client.commit('repo', { 'mine.txt': 'm\n' });
    const { code, stderr } = await client.git('-C', 'repo', 'push', 'origin', 'HEAD:agent/old');
    expect(code, stderr).toBe(0);
    expect((await refs()).get('refs/heads/agent/old')).toBe(head);
  });

  test('is told why a push is refused', async () => {
    const { newClient, sshUrl } = await scenes.open();
    const client = await newClient(oldestGit ?? {});
    await client.must('clone', '-q', sshUrl(), 'repo');
    const { code, stderr } = await client.git('-C', 'repo', 'push', 'origin', 'HEAD:refs/tags/v1');
    expect(code).not.toBe(0);
    expect(stderr).toContain('remote: git-gate: push_policy_tag');
  });

  test('is told why a repository is not there', async () => {
    const { newClient, gate } = await scenes.open({
      repos: [{ name: 'gone', more: { path: '/nowhere.git' } }],
    });
    const client = await newClient(oldestGit ?? {});
    const { code, stderr } = await client.git('clone', gate.url('gone'), 'repo');
    expect(code).not.toBe(0);
    expect(stderr).toContain('remote: git-gate: refresh_failed: gone: cannot refresh from');
  });
});
