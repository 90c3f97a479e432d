import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packOf, pkt, receivePackHeaders, zeroOid } from './support/pkt-line.ts';
import { rawRequest } from './support/raw-http.ts';
import { useScenes } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

describe.skipIf(sshd === null)('what a refused push leaves behind', () => {
  const scenes = useScenes();

  const sizeOf = async (folder: string): Promise<number> => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const sizes = entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size);
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  };

  test('is nothing, with a push certificate too, which git stores outside of the quarantine', async () => {
    const { gate, client, sshUrl, refs } = await scenes.open();
    await client.must('clone', '-q', sshUrl(), 'repo');
    const main = await client.must('-C', 'repo', 'rev-parse', 'HEAD');
    const before = await sizeOf(join(gate.folder, 'root', 'project.git'));
    const noise = Array.from({ length: 2000 }, (_, index) =>
      createHash('sha512').update(`${index}`).digest('hex'),
    );
    const certificate = [
      'certificate version 0.1\n',
      'pusher A <a@example.com> 1700000000 +0000\n',
      'nonce x\n',
      '\n',
      `${zeroOid} ${main} refs/tags/certified\n`,
      '-----BEGIN PGP SIGNATURE-----\n',
      ...noise.map((line) => `${line}\n`),
      '-----END PGP SIGNATURE-----\n',
    ];
    const body = Buffer.concat([
      pkt('push-cert\0 report-status side-band-64k agent=raw'),
      ...certificate.map((line) => pkt(line)),
      pkt('push-cert-end\n'),
      Buffer.from('0000'),
      await packOf(client.at('repo', '.git'), []),
    ]);
    await rawRequest(gate.port, {
      target: '/project.git/git-receive-pack',
      headers: receivePackHeaders,
      body,
    });
    expect((await refs()).has('refs/tags/certified')).toBe(false);
    expect((await sizeOf(join(gate.folder, 'root', 'project.git'))) - before).toBeLessThan(10_000);
  });
});
