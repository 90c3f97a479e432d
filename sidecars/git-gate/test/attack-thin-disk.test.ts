import { randomBytes } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { useScenes } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

const MIB = 1024 * 1024;

/** git completes a thin pack with every object that its deltas are made from; `receive.maxInputSize` does not count them. */
describe.skipIf(sshd === null)('small pushes that change large files a little', () => {
  const scenes = useScenes();

  test('do not fill the disk beyond limits.mirror_bytes', { timeout: 60_000 }, async () => {
    const files = Object.fromEntries(
      Array.from({ length: 10 }, (_, index) => [`asset-${index}.bin`, randomBytes(MIB)]),
    );
    const { client, sshUrl, gate } = await scenes.open({
      limits: { mirror_bytes: 20 * MIB },
      repos: [{ name: 'project', at: { commits: [{ message: 'assets', files }] }, push: { max_bytes: MIB } }],
    });
    await client.must('clone', '-q', sshUrl(), 'repo');
    for (let round = 0; round < 6; round += 1) {
      await client.must('-C', 'repo', 'reset', '-q', '--hard', 'origin/main');
      const changed = Object.fromEntries(
        Object.entries(files).map(([name, bytes]) => [name, Buffer.concat([bytes, Buffer.from(`${round}`)])]),
      );
      await client.commit('repo', changed);
      await client.git('-C', 'repo', 'push', '-q', 'origin', `HEAD:agent/${round}`);
    }
    const packs = join(gate.folder, 'root', 'project.git', 'objects', 'pack');
    const sizes = (await readdir(packs)).map(async (name) => (await stat(join(packs, name))).size);
    const total = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    expect(total).toBeLessThanOrEqual(20 * MIB);
  });
});
