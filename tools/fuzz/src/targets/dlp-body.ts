import { createScanner, DlpError } from '@bot-bottle/dlp';
import type { BodyKind } from '@bot-bottle/dlp';
import { must, mustEqual } from '../fuzz/target.ts';
import type { FuzzTarget } from '../fuzz/target.ts';
import { inPieces } from './split.ts';

const SECRET = 'live-Zq7Kp2Xw9Rt4Vb6Nm1Yc8Hd3';
const scanner = createScanner({
  detectors: ['known_secrets', 'token_patterns', 'canary', 'crlf'],
  knownSecrets: [{ name: 'TOKEN', value: SECRET }],
  canaries: [{ name: 'CANARY', value: 'canary-zyxwvutsrqponmlkjihgfedcba' }],
  allow: [],
});

/** null: the body cannot be decoded, which blocks it */
async function unlessUndecodable<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    must(
      DlpError.isInstance(error) && error.code === 'undecodable_body',
      `it fails otherwise: ${String(error)}`,
    );
    return null;
  }
}

/** The first two lines are Content-Type and Content-Encoding, the rest is the body. */
function read(bytes: Buffer): { kind: BodyKind; body: Buffer } {
  const first = bytes.indexOf('\n');
  const second = bytes.indexOf('\n', first + 1);
  if (first < 0 || second < 0) return { kind: { contentType: null, contentEncoding: null }, body: bytes };
  const text = (from: number, to: number): string | null => bytes.toString('latin1', from, to).trim() || null;
  return {
    kind: { contentType: text(0, first), contentEncoding: text(first + 1, second) },
    body: bytes.subarray(second + 1),
  };
}

async function streamed(body: Buffer, kind: BodyKind): Promise<{ released: Buffer; findings: number }> {
  const stream = scanner.stream(kind);
  const released: Uint8Array[] = [];
  try {
    const pieces = inPieces(body, 97);
    for (const step of [...pieces.map((piece) => () => stream.push(piece)), () => stream.end()]) {
      const { release, findings } = await step();
      if (findings.length > 0) return { released: Buffer.concat(released), findings: findings.length };
      released.push(...release);
    }
    return { released: Buffer.concat(released), findings: 0 };
  } finally {
    stream.destroy();
    must(stream.heldBytes === 0, 'a destroyed stream holds bytes');
  }
}

/** Bodies of every kind, decoded and searched whole and as a stream. */
export const dlpBody: FuzzTarget = {
  name: 'dlp-body',
  about: 'a body is scanned or blocked; as a stream it leaves unchanged, and never with the secret in it',
  words: [
    SECRET,
    SECRET.slice(0, 20),
    Buffer.from(SECRET).toString('base64'),
    Buffer.from(SECRET).toString('hex'),
    'multipart/form-data; boundary=x\n',
    '--x\r\n',
    '--x--\r\n',
    'Content-Disposition: form-data; name="a"; filename="b"\r\n\r\n',
    'application/json\n',
    'gzip\n',
    'br\n',
    'zstd, gzip\n',
    'identity\n',
    '\x1f\x8b\x08',
    '\x28\xb5\x2f\xfd',
    '\x78\x9c',
    '\r\n',
    '\n',
    '\\u00',
    '%',
    '&#x',
    '=',
    '\0',
    '\xff',
    '-----BEGIN PRIVATE KEY-----\n',
  ],
  open: async () => ({
    run: async (bytes) => {
      const { kind, body } = read(bytes);
      const whole = await unlessUndecodable(scanner.scanBody(body, kind));
      const stream = await unlessUndecodable(streamed(body, kind));
      if (stream !== null) {
        const { released, findings } = stream;
        must(released.equals(body.subarray(0, released.length)), 'other bytes leave than were sent');
        must(findings > 0 || released.length === body.length, 'bytes are kept though nothing was found');
        must(!released.includes(SECRET), 'the secret leaves');
      }
      if (whole === null) return false;
      for (const finding of whole) {
        must(!JSON.stringify(finding).includes(SECRET), 'a finding shows the secret');
        if (finding.offset === null || finding.length === null) continue;
        must(
          finding.offset >= 0 && finding.offset + finding.length <= body.length,
          'a finding beyond the body',
        );
      }
      if (kind.contentEncoding === null && body.includes(SECRET))
        must(
          whole.some(({ rule }) => rule === 'known_secrets/TOKEN'),
          'the secret is not found in the plain body',
        );
      mustEqual(await unlessUndecodable(scanner.scanBody(body, kind)), whole, 'the same body scanned again');
      return true;
    },
  }),
};
