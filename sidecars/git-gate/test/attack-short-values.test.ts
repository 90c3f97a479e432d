import { describe, expect, test } from 'vitest';
import { useScenes } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

describe.skipIf(sshd === null)('a value of the environment that is too short to be searched', () => {
  const scenes = useScenes();
  test('is found, or somebody is told that it is not looked for', async () => {
    const { client, sshUrl, gate } = await scenes.open({
      envSecrets: { DB_PIN: '480317', DB_PASSWORD: 'correct-horse-battery' },
    });
    await client.must('clone', '-q', sshUrl(), 'repo');
    await client.commit('repo', { 'x.env': 'DB_PIN=480317\n' });
    const { code } = await client.git('-C', 'repo', 'push', 'origin', 'HEAD:agent/x');
    if (code === 0) expect(JSON.stringify(gate.logs)).toContain('DB_PIN');
    expect(JSON.stringify(gate.logs)).not.toMatch(/480317|DB_PASSWORD/);
  });
});
