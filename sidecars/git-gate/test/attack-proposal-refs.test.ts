import { describe, expect, test } from 'vitest';
import { fakeSecret } from './support/fake-secrets.ts';
import { useScenes } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

describe.skipIf(sshd === null)('a proposal says on which ref a marked finding is', () => {
  const scenes = useScenes();
  test('when two refs are pushed and the second one brings it', async () => {
    const { client, sshUrl, gate } = await scenes.open({ supervise: true, limits: { hold_seconds: 1 } });
    await client.must('clone', '-q', sshUrl(), 'repo');
    const harmless = await client.commit('repo', { 'a.txt': 'a\n' });
    await client.must('-C', 'repo', 'reset', '-q', '--hard', 'origin/main');
    const bad = await client.commit('repo', { 'b.txt': `token = "${fakeSecret('x')}" # gitleaks:allow\n` });
    await client.git(
      '-C',
      'repo',
      'push',
      'origin',
      `${harmless}:refs/heads/agent/a-test`,
      `${bad}:refs/heads/release`,
    );
    const { request } = await gate.proposal(0);
    if (request.kind !== 'gitleaks-allow') throw new Error(request.kind);
    expect(request.findings.map(({ ref }) => ref)).toEqual(['refs/heads/release']);
  });
});
