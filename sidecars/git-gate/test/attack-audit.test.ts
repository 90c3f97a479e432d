import { describe, expect, test } from 'vitest';
import { fakeSecret } from './support/fake-secrets.ts';
import { useScenes } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

describe.skipIf(sshd === null)('the record of what was refused', () => {
  const scenes = useScenes();

  test('does not hold a secret that is the name of a ref', async () => {
    const secret = fakeSecret('in a ref name');
    const { gate, client, sshUrl } = await scenes.open();
    await client.must('clone', '-q', sshUrl(), 'repo');
    const { stderr } = await client.git('-C', 'repo', 'push', 'origin', `HEAD:agent/${secret}`);
    expect(stderr).toContain('remote: git-gate: secret_found');
    expect(JSON.stringify([gate.events, gate.logs])).not.toContain(secret);
  });

  test.each([
    ['with a length', 200_000],
    ['in chunks', 4_000_000],
  ])('holds a push that was too large, %s', async (_, bytes) => {
    const { gate, client, sshUrl } = await scenes.open({
      repos: [{ name: 'project', push: { max_bytes: bytes / 2 } }],
    });
    await client.must('clone', '-q', sshUrl(), 'repo');
    const noise = Buffer.alloc(bytes).map(
      (_byte, index) => ((index * 2_654_435_761) >>> 7) ^ (index * index * 31),
    );
    await client.commit('repo', { 'big.bin': Buffer.concat([noise, Buffer.from(fakeSecret('x'))]) });
    expect(
      (await client.git('-C', 'repo', '-c', 'core.compression=0', 'push', 'origin', 'HEAD:agent/big')).code,
    ).not.toBe(0);
    expect(gate.events).toContainEqual(expect.objectContaining({ action: 'push', code: 'push_policy_size' }));
  });
});
