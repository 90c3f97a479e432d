import { describe, expect, test } from 'vitest';
import { useScenes } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

describe.skipIf(sshd === null)('a proposal tells everything that the ref would get', () => {
  const scenes = useScenes();
  const ready = async () => {
    const scene = await scenes.open({ supervise: true, limits: { hold_seconds: 1 } });
    await scene.client.must('clone', '-q', scene.sshUrl(), 'repo');
    return scene;
  };

  test('its commits also when another branch, which needs nobody, was given them before', async () => {
    const { client, gate } = await ready();
    await client.commit('repo', { 'src/a.ts': 'backdoor()\n' }, 'add a backdoor');
    expect((await client.git('-C', 'repo', 'push', 'origin', 'HEAD:agent/tmp')).code).toBe(0);
    await client.git('-C', 'repo', 'push', 'origin', 'HEAD:main');
    const { request } = await gate.proposal(0);
    expect(request.commit_count).toBe(1);
    expect(request.commits.map(({ summary }) => summary)).toEqual(['add a backdoor']);
  });

  test('its protected paths also when they came to another branch with a consent for that branch', async () => {
    const { client, gate } = await ready();
    await client.commit('repo', { '.github/workflows/ci.yml': 'on: push\n' }, 'ci');
    await client.git('-C', 'repo', 'push', 'origin', 'HEAD:agent/tmp');
    await gate.decide({ proposal: (await gate.proposal(0)).id, outcome: 'approved', reason: '' });
    await client.must('-C', 'repo', 'fetch', '-q');
    await client.git('-C', 'repo', 'push', 'origin', 'HEAD:main');
    const { request } = await gate.proposal(1);
    expect(request.paths).toEqual(['.github/workflows/ci.yml']);
  });
});
