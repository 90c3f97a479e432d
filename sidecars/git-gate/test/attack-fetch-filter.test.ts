import { describe, expect, test } from 'vitest';
import { useScenes } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

/** `uploadpack.allowFilter` lets a client choose any blob as a list of patterns; git's wildmatch backtracks. */
describe.skipIf(sshd === null)('limits.transfer_seconds', () => {
  const scenes = useScenes();
  test('ends a fetch whose filter takes git for ever', { timeout: 60_000 }, async () => {
    const { client, sshUrl } = await scenes.open({ limits: { transfer_seconds: 3 } });
    await client.must('clone', '-q', sshUrl(), 'repo');
    const names = Array.from({ length: 50 }, (_, index) => `${'a'.repeat(200)}${index}`);
    await client.commit('repo', {
      patterns: `${'*a'.repeat(30)}*b\n`.repeat(200),
      ...Object.fromEntries(names.map((name) => [name, `${name}\n`])),
    });
    await client.must('-C', 'repo', 'push', '-q', 'origin', 'HEAD:agent/s');
    const { code } = await client.run(
      [
        'clone',
        '-q',
        '--no-checkout',
        '-b',
        'agent/s',
        '--filter=sparse:oid=agent/s:patterns',
        sshUrl(),
        'again',
      ],
      { timeoutMs: 12_000 },
    );
    // null: this test ended the client, because the gate did not
    expect(code).not.toBeNull();
  });

  test.for(['blob:none', 'blob:limit=1k', 'tree:0'])('lets a client ask for %s', async (filter) => {
    const { client, sshUrl } = await scenes.open({});
    await client.must('clone', '-q', '--no-checkout', `--filter=${filter}`, sshUrl(), 'part');
    expect(await client.must('-C', 'part', 'rev-parse', 'HEAD')).toMatch(/^[0-9a-f]{40}$/);
  });

  test.for(['tree:1', 'object:type=blob', 'combine:blob:none+tree:1'])('refuses %s', async (filter) => {
    const { client, sshUrl } = await scenes.open({});
    const { code, stderr } = await client.git(
      'clone',
      '-q',
      '--no-checkout',
      `--filter=${filter}`,
      sshUrl(),
      'part',
    );
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/filter|tree/);
  });
});
