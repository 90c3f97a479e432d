import { describe, expect, test } from 'vitest';
import { useScenes } from './support/scene.ts';
import type { Scene } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

const develop = { ref: 'refs/heads/develop', message: 'x', files: { 'a.txt': 'a\n' } };

describe.skipIf(sshd === null)('protect_default holds for a default branch that nobody has made yet', () => {
  const scenes = useScenes();

  async function expectNoMain({ client, sshUrl, refs }: Scene, branch = 'main'): Promise<void> {
    await client.must('clone', '-q', '-b', 'develop', sshUrl(), 'repo');
    await client.commit('repo', { 'evil.txt': 'x\n' });
    const { stderr } = await client.git('-C', 'repo', 'push', 'origin', `HEAD:${branch}`);
    expect(stderr).toContain('it is the default branch of the upstream');
    expect([...(await refs()).keys()], stderr).toEqual(['refs/heads/develop']);
    await client.must('-C', 'repo', 'push', '-q', 'origin', 'HEAD:agent/a');
  }

  test('when the upstream names it', async () => {
    await expectNoMain(await scenes.open({ repos: [{ name: 'project', at: { commits: [develop] } }] }));
  });

  test('when the upstream names it only after the first refresh, with a name beyond ASCII', async () => {
    const scene = await scenes.open({ repos: [{ name: 'project', at: { commits: [develop] } }] });
    const { client, sshUrl, upstream, at } = scene;
    await client.must('ls-remote', sshUrl());
    await upstream.git(at(), 'symbolic-ref', 'HEAD', 'refs/heads/höhe');
    await expectNoMain(scene, 'höhe');
  });

  test('and not for a branch of an upstream whose HEAD is a commit', async () => {
    const scene = await scenes.open({ repos: [{ name: 'project', at: { commits: [develop] } }] });
    const { client, sshUrl, upstream, at } = scene;
    await upstream.git(at(), 'update-ref', '--no-deref', 'HEAD', 'refs/heads/develop');
    await client.must('clone', '-q', '-b', 'develop', sshUrl(), 'repo');
    await client.must('-C', 'repo', 'push', '-q', 'origin', 'HEAD:main');
  });
});
