import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { pkt, uploadPackHeaders } from './support/pkt-line.ts';
import { useScenes } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

describe.skipIf(sshd === null)('limits.transfer_seconds', () => {
  const scenes = useScenes();
  test('ends a fetch, too, whose client says a little again and again', { timeout: 30_000 }, async () => {
    const { client, sshUrl, gate } = await scenes.open({ limits: { transfer_seconds: 2 } });
    await client.must('clone', '-q', sshUrl(), 'repo');
    const head = await client.must('-C', 'repo', 'rev-parse', 'HEAD');
    const socket = connect({ port: gate.port, host: '127.0.0.1' });
    socket.on('error', () => undefined);
    let isOpen = true;
    socket.resume();
    socket.on('close', () => (isOpen = false));
    const headers = {
      ...uploadPackHeaders,
      'Git-Protocol': 'version=2',
      'Transfer-Encoding': 'chunked',
      Host: 'x',
    };
    const send = (bytes: Buffer): void =>
      void socket.write(
        Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]),
      );
    socket.write(
      `POST /project.git/git-upload-pack HTTP/1.1\r\n${Object.entries(headers)
        .map(([k, v]) => `${k}: ${v}\r\n`)
        .join('')}\r\n`,
    );
    send(
      Buffer.concat([
        pkt('command=fetch'),
        pkt('object-format=sha1'),
        Buffer.from('0001'),
        pkt(`want ${head}\n`),
      ]),
    );
    const began = performance.now();
    while (isOpen && performance.now() - began < 12_000) {
      await delay(500);
      if (isOpen) send(pkt(`have ${'1'.repeat(40)}\n`));
    }
    const wasOpen = isOpen;
    socket.destroy();
    expect(wasOpen).toBe(false);
  });
});
