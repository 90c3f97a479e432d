import { describe, expect, test } from 'vitest';
import { useScenes } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

/** `git diff-tree -r` (touched paths) keeps about 290 bytes for each path in memory before it says anything. */
describe.skipIf(sshd === null)('a tree of a hundred million paths in nine objects', () => {
  const scenes = useScenes();

  test(
    'is refused as soon as git wants too much memory, and the gate works on',
    { timeout: 150_000 },
    async () => {
      const { client, sshUrl } = await scenes.open();
      await client.must('clone', '-q', sshUrl(), 'repo');
      let entry = `100644 blob ${await client.must('-C', 'repo', 'rev-parse', 'HEAD:README.md')}`;
      for (let level = 0; level < 8; level += 1) {
        const lines = Array.from({ length: 10 }, (_, index) => `${entry}\tf${index}\n`);
        const { stdout } = await client.run(['-C', 'repo', 'mktree'], { input: lines.join('') });
        entry = `040000 tree ${stdout.trim()}`;
      }
      const commit = await client.must(
        '-C',
        'repo',
        'commit-tree',
        entry.slice(-40),
        '-p',
        'HEAD',
        '-m',
        'bomb',
      );
      const { code, stderr } = await client.git(
        '-C',
        'repo',
        'push',
        'origin',
        `${commit}:refs/heads/agent/bomb`,
      );
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/git-gate: \w+: git diff-tree .*(?:out of memory|did not end)/i);
      await client.must('-C', 'repo', 'push', '-q', 'origin', 'HEAD:refs/heads/agent/fine');
    },
  );
});
