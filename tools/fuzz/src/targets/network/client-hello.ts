import type { Socket } from 'node:net';
import { sniffTunnel } from '@bot-bottle/egress';
import { must, mustEqual } from '../../fuzz/target.ts';
import type { FuzzTarget } from '../../fuzz/target.ts';
import { openTunnel } from '../../http/agent.ts';
import { ResponseParser } from '../../http/response-parser.ts';
import { openFront } from './front-scene.ts';

const SILENCE_MS = 500;
const FLIGHT_MS = 20;
const CHECK_EVERY = 100;
const MAX_RECORD_BYTES = 16_384 + 256;

/** Whole TLS records (RFC 8446 5.1), handshake or alert; the last one may be cut. */
function isTls(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length;) {
    const [type = 0, major = 0] = bytes.subarray(at);
    const length = at + 5 <= bytes.length ? bytes.readUInt16BE(at + 3) : 0;
    if (type < 20 || type > 23 || major !== 3 || length > MAX_RECORD_BYTES) return false;
    at += 5 + length;
  }
  return true;
}

/**
 * What comes back until the tunnel ends; of TLS the first flight is enough, because a handshake that does not go on is
 * waited for longer than a fuzzer can.
 */
function answerTo(socket: Socket, bytes: Buffer, isTlsHello: boolean): Promise<Buffer> {
  return new Promise((resolve) => {
    const heard: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => {
      heard.push(chunk);
      if (isTlsHello) setTimeout(() => socket.destroy(), FLIGHT_MS);
    });
    socket.on('close', () => resolve(Buffer.concat(heard)));
    if (isTlsHello) setTimeout(() => socket.destroy(), SILENCE_MS);
    socket.write(bytes);
  });
}

/** First bytes of a tunnel: real and broken ClientHellos, and anything else. */
export const clientHello: FuzzTarget = {
  name: 'client-hello',
  about:
    'a tunnel is answered in TLS, with one denial, or closed; what it carries is told alike from every prefix',
  words: [
    '\x16\x03\x01',
    '\x16\x03\x03',
    '\x16\x03\x05',
    '\x15\x03\x01\x00\x02\x02\x28',
    '\x17\x03\x03',
    '\x14\x03\x03\x00\x01\x01',
    '\x80\x2e\x01\x03\x01',
    '\x00\x00',
    '\xff\xff',
    '\x00\x0b',
    'evil.test',
    '\0',
    'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'SSH-2.0-x\r\n',
  ],
  concurrency: 24,
  limitMs: 60_000,
  open: async () => {
    const scene = await openFront({ silenceMs: SILENCE_MS });
    let runs = 0;
    return {
      run: async (bytes) => {
        const kind = sniffTunnel(bytes);
        for (let length = 0; length < Math.min(bytes.length, 40); length += 1) {
          const early = sniffTunnel(bytes.subarray(0, length));
          // once it can be said, more bytes do not change it
          if (early !== 'more') mustEqual(kind, early, `what ${length} bytes were taken for`);
        }
        runs += 1;
        const socket = await openTunnel(scene.way, 'hello.test:443');
        const all = await answerTo(socket, bytes, kind === 'tls');
        if (kind === 'tls') must(isTls(all), `TLS is answered with ${all.toString('hex', 0, 60)}`);
        else if (all.length > 0) {
          const statuses: number[] = [];
          const parser = new ResponseParser({ end: ({ status }) => statuses.push(status) });
          parser.push(all);
          must(parser.finish() && statuses.length === 1, 'not exactly one denial');
        }
        if (runs % CHECK_EVERY === 0) await scene.check();
        // a server that is content with a hello answers with one of its own
        return all[0] === 22;
      },
      close: async () => {
        try {
          await scene.check();
        } finally {
          await scene.close();
        }
      },
    };
  },
};
