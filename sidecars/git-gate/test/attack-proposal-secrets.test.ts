import { describe, expect, test } from 'vitest';
import { fakeSecret } from './support/fake-secrets.ts';
import { useScenes } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

describe.skipIf(sshd === null)('a proposal never holds the value that was found', () => {
  const scenes = useScenes();
  const secret = fakeSecret('proposal');
  const plain = 'correct-horse-battery-42';

  async function proposed(files: Record<string, string>, message: string): Promise<string> {
    const { client, sshUrl, gate } = await scenes.open({
      supervise: true,
      limits: { hold_seconds: 1 },
      envSecrets: { DEPLOY: plain },
    });
    await client.must('clone', '-q', sshUrl(), 'repo');
    await client.commit('repo', files, message);
    const { stderr } = await client.git('-C', 'repo', 'push', 'origin', 'HEAD:agent/a');
    expect(gate.proposals.length, stderr).toBe(1);
    return JSON.stringify([gate.proposals, gate.events, gate.logs]);
  }

  test('in the first line of a commit message', async () => {
    expect(await proposed({ 'a.txt': 'a\n' }, `use ${secret} # gitleaks:allow`)).not.toContain(secret);
  });

  test('in the first line of a commit message, a value of the environment', async () => {
    expect(await proposed({ 'a.txt': 'a\n' }, `use ${plain} # gitleaks:allow`)).not.toContain(plain);
  });

  test('in the first lines of a commit message, which are shown as one', async () => {
    const key = fakeSecret('proposal', 'private-key');
    const marked = `# gitleaks:allow ${key}`;
    expect(await proposed({ 'a.txt': 'a\n' }, marked)).not.toContain(key.split('\n')[1]?.slice(0, 20));
  });

  test('in the name of a protected file', async () => {
    expect(await proposed({ [`.github/workflows/${secret} gitleaks:allow.yml`]: 'a\n' }, 'ci')).not.toContain(
      secret,
    );
  });
});
