import { describe, expect, test } from 'vitest';
import { fakeSecret } from './support/fake-secrets.ts';
import { useScenes } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

describe.skipIf(sshd === null)('a proposal names the file of a marked finding', () => {
  const scenes = useScenes();
  const text = `token = "${fakeSecret('x')}" # gitleaks:allow\n`;
  const proposed = async (files: Record<string, string>): Promise<string> => {
    const { client, sshUrl, gate } = await scenes.open({ supervise: true, limits: { hold_seconds: 1 } });
    await client.must('clone', '-q', sshUrl(), 'repo');
    await client.commit('repo', files);
    await client.git('-C', 'repo', 'push', 'origin', 'HEAD:agent/x');
    return JSON.stringify((await gate.proposal(0)).request);
  };

  test('whole, also with a line break in it', async () => {
    expect(await proposed({ 'test/fixture.txt\n/deploy/prod.env': text })).toContain('deploy/prod.env');
  });
  test('so that no other name looks the same', async () => {
    const shown = await Promise.all([proposed({ 'a\n.env': text }), proposed({ 'a\\n.env': text })]);
    const files = shown.map((request) => /"file":"[^"]*"/.exec(request)?.[0]);
    expect(new Set(files).size).toBe(2);
  });
  test('or is not made when its end would be hidden', async () => {
    const { client, sshUrl, gate } = await scenes.open({ supervise: true });
    await client.must('clone', '-q', sshUrl(), 'repo');
    await client.commit('repo', { [`${`${'\u200b'.repeat(60)}/`.repeat(12)}prod.env`]: text });
    const { stderr } = await client.git('-C', 'repo', 'push', 'origin', 'HEAD:agent/x');
    expect(stderr).toMatch(/too_many_proposals: a human cannot be asked about a name of \d+ characters/);
    expect(gate.proposals).toEqual([]);
  });
  test('under every path that it has', async () => {
    expect(await proposed({ 'a-test/fixture.txt': text, 'deploy/prod.env': text })).toContain(
      'deploy/prod.env',
    );
  });
});
