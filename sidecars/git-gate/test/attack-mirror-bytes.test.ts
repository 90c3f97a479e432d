import { randomBytes } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { useScenes } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

describe.skipIf(sshd === null)('limits.mirror_bytes', () => {
  const scenes = useScenes();

  test('holds for what pushes bring, too', { timeout: 60_000 }, async () => {
    const limit = 2_000_000;
    const { client, sshUrl, gate, upstream, at } = await scenes.open({
      limits: { mirror_bytes: limit },
      repos: [{ name: 'project', push: { force: true } }],
    });
    await client.must('clone', '-q', sshUrl(), 'repo');
    for (let round = 0; round < 6; round += 1) {
      await client.must('-C', 'repo', 'reset', '-q', '--hard', 'origin/main');
      await client.commit('repo', { 'noise.bin': randomBytes(1_000_000) });
      await client.git('-C', 'repo', 'push', '-q', '-f', 'origin', 'HEAD:agent/a');
    }
    // the upstream itself keeps no more than the last one
    await upstream.git(at(), 'gc', '-q', '--prune=now');
    const packs = join(gate.folder, 'root', 'project.git', 'objects', 'pack');
    const sizes = (await readdir(packs)).map(async (name) => (await stat(join(packs, name))).size);
    const total = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    expect(total).toBeLessThanOrEqual(limit);
  });
});
