import { describe, expect, test } from 'vitest';
import { useScenes } from './support/scene.ts';
import type { SceneOptions } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

/** `git symbolic-ref refs/heads/master refs/heads/main`: how hosts keep the old name of a renamed default branch alive. */
describe.skipIf(sshd === null)('a branch of the upstream that is another name of the default branch', () => {
  const scenes = useScenes();
  async function ready(
    push: NonNullable<SceneOptions['repos']>[number]['push'] = {},
    options: SceneOptions = {},
  ) {
    const scene = await scenes.open({ ...options, repos: [{ name: 'project', push }] });
    const { client, sshUrl, upstream, at } = scene;
    await upstream.git(at(), 'symbolic-ref', 'refs/heads/master', 'refs/heads/main');
    await client.must('clone', '-q', sshUrl(), 'repo');
    await client.commit('repo', { 'evil.txt': 'x\n' });
    const before = (await scene.refs()).get('refs/heads/main');
    return {
      ...scene,
      push: async (...refs: string[]) => {
        const { stderr } = await client.git('-C', 'repo', 'push', 'origin', ...refs);
        const after = (await scene.refs()).get('refs/heads/main');
        await client.git('-C', 'repo', 'fetch', '-q', '-p');
        expect(after, stderr).toBe(before);
        expect(stderr).toContain('it is another name of refs/heads/main');
      },
    };
  }

  test('cannot be moved', async () => {
    await (await ready()).push('HEAD:master');
  });
  test('cannot be used to rewrite the default branch where force is allowed for other branches', async () => {
    const { push, client } = await ready({ force: true });
    const orphan = await client.must('-C', 'repo', 'commit-tree', 'HEAD^{tree}', '-m', 'orphan');
    await push('-f', `${orphan}:refs/heads/master`);
  });
  test('cannot be used to delete the default branch', async () => {
    await (await ready({ delete: true })).push(':master');
  });
  test('does not get around the branches that may be pushed', async () => {
    const { push } = await ready({ branches: ['master'], protect_default: false });
    await push('HEAD:master');
  });
});
