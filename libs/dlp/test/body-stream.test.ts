import { randomBytes } from 'node:crypto';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { createScanner, DlpError, type BodyKind, type Scanner } from '@bot-bottle/dlp';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spellings } from './support/spellings.ts';
import { bytes, plainBody, scannerFor, secret } from './support/values.ts';

interface Passed {
  readonly released: Buffer;
  readonly rules: string[];
  /** most bytes held at any time */
  readonly held: number;
}

/** Sends a body through in chunks as a caller does: nothing goes on after a finding. */
async function pass(
  scanner: Scanner,
  kind: BodyKind,
  body: Buffer,
  sizes: readonly number[],
): Promise<Passed> {
  const stream = scanner.stream(kind);
  const released: Uint8Array[] = [];
  const rules: string[] = [];
  let held = 0;
  for (let at = 0, turn = 0; at < body.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1);
    const step = await stream.push(body.subarray(at, at + size));
    at += size;
    released.push(...step.release);
    rules.push(...step.findings.map((finding) => finding.rule));
    held = Math.max(held, stream.heldBytes);
    if (step.findings.length > 0) break;
  }
  if (rules.length === 0) {
    const step = await stream.end();
    released.push(...step.release);
    rules.push(...step.findings.map((finding) => finding.rule));
  }
  stream.destroy();
  return { released: Buffer.concat(released), rules, held };
}

const encoders: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  gzip: (body) => gzipSync(body),
  deflate: (body) => deflateSync(body),
  br: (body) => brotliCompressSync(body, { params: { 1: 4 } }),
  zstd: (body) => zstdCompressSync(body),
};

/** Text that is large, compresses a little, and holds nothing. */
const filler = (size: number): Buffer =>
  Buffer.from(
    randomBytes(Math.ceil(size / 2))
      .toString('hex')
      .replaceAll(/(.{40})/g, '$1 \n'),
  ).subarray(0, size);

describe('a streamed body', () => {
  const scanner = scannerFor(secret);

  it('that is clean passes byte by byte the same, whatever its chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 900_000 }),
        fc.array(fc.integer({ min: 1, max: 300_000 }), { minLength: 1, maxLength: 8 }),
        fc.constantFrom(null, ...Object.keys(encoders)),
        async (size, sizes, contentEncoding) => {
          const content = filler(size);
          const body = contentEncoding === null ? content : (encoders[contentEncoding]?.(content) ?? content);
          const chunks = sizes.map((each) => Math.max(each, 500));
          const { released, rules } = await pass(
            scanner,
            { contentType: null, contentEncoding },
            body,
            chunks,
          );
          expect(rules).toEqual([]);
          expect(released.equals(body)).toBe(true);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('never lets a complete value out, wherever, however spelled, however cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 600_000 }),
        fc.integer({ min: 0, max: 200_000 }),
        fc.constantFrom(...Object.values(spellings)),
        fc.array(fc.integer({ min: 200, max: 200_000 }), { minLength: 1, maxLength: 6 }),
        async (before, after, spell, sizes) => {
          const spelled = bytes(` "${spell(secret)}" `);
          const body = Buffer.concat([filler(before), spelled, filler(after)]);
          const { released, rules } = await pass(scanner, plainBody, body, sizes);
          expect(rules).toContain('known_secrets/EGRESS_TOKEN_0');
          expect(released.length).toBeLessThanOrEqual(before + 1);
          expect(body.subarray(0, released.length).equals(released)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each(Object.keys(encoders))('never lets a value out in %s', async (contentEncoding) => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 500_000 }),
        fc.array(fc.integer({ min: 500, max: 60_000 }), { minLength: 1, maxLength: 6 }),
        async (before, sizes) => {
          const content = Buffer.concat([filler(before), bytes(` ${secret} `), filler(100_000)]);
          const body = encoders[contentEncoding]?.(content) ?? content;
          const kind = { contentType: null, contentEncoding };
          const { released, rules } = await pass(scanner, kind, body, sizes);
          expect(rules).toContain('known_secrets/EGRESS_TOKEN_0');
          // what has left must not decode to the value with the best of efforts
          const clean = await scanner.scanBody(released, plainBody);
          expect(clean).toEqual([]);
          expect(released.length).toBeLessThan(body.length);
        },
      ),
      { numRuns: 8 },
    );
  });

  it('finds a value in what a compressed format carries beside its content', async () => {
    const head = Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3]);
    const named = Buffer.concat([head, bytes(`${secret}\0`), gzipSync('clean').subarray(10)]);
    const kind = { contentType: null, contentEncoding: 'gzip' };
    expect((await pass(scanner, kind, named, [10])).rules).toEqual(['known_secrets/EGRESS_TOKEN_0']);
  });

  it('finds a value in the second frame of zstd', async () => {
    const frames = Buffer.concat([zstdCompressSync('clean'), zstdCompressSync(`x ${secret}`)]);
    const kind = { contentType: null, contentEncoding: 'zstd' };
    expect((await pass(scanner, kind, frames, [7])).rules).toEqual(['known_secrets/EGRESS_TOKEN_0']);
    expect((await scanner.scanBody(frames, kind)).length).toBe(1);
  });

  it('holds a bounded part of any body', async () => {
    const big = filler(6 * 1024 * 1024);
    expect((await pass(scanner, plainBody, big, [64 * 1024])).held).toBeLessThan(512 * 1024);
    const kind = { contentType: null, contentEncoding: 'gzip' };
    expect((await pass(scanner, kind, gzipSync(big), [64 * 1024])).held).toBeLessThan(1024 * 1024);
  });

  it.each([
    ['an unknown encoding', 'compress', bytes('x')],
    ['more than three encodings', 'gzip, gzip, gzip, gzip', gzipSync('x')],
    ['no such encoding inside', 'gzip', bytes('plain text, no gzip at all')],
    ['a missing end', 'gzip', gzipSync(randomBytes(5000)).subarray(0, 3000)],
    ['data after the end', 'br', Buffer.concat([brotliCompressSync('a'), bytes('and more')])],
    ['data after the end of zlib', 'deflate', Buffer.concat([deflateSync('a'), deflateSync('b')])],
    ['an expansion beyond the limit', 'gzip', gzipSync(Buffer.alloc(80 * 1024 * 1024))],
    ['an expansion twice over', 'gzip, gzip', gzipSync(gzipSync(Buffer.alloc(80 * 1024 * 1024)))],
  ])('with %s is undecodable', async (_, contentEncoding, body) => {
    const kind = { contentType: null, contentEncoding };
    const isUndecodable = (error: unknown): boolean =>
      DlpError.isInstance(error) && error.code === 'undecodable_body';
    await expect(pass(scanner, kind, body, [4096])).rejects.toSatisfy(isUndecodable);
    await expect(scanner.scanBody(body, kind)).rejects.toSatisfy(isUndecodable);
  });

  it.each([
    ['raw deflate', 'deflate', deflateRawSync(`k ${secret}`)],
    ['two encodings', 'gzip, br', brotliCompressSync(gzipSync(`k ${secret}`))],
    ['an alias in capitals', 'X-GZIP', gzipSync(`k ${secret}`)],
    ['identity', 'identity', bytes(secret)],
  ])('is decoded from %s', async (_, contentEncoding, body) => {
    const kind = { contentType: null, contentEncoding };
    expect((await pass(scanner, kind, body, [9])).rules).toEqual(['known_secrets/EGRESS_TOKEN_0']);
    expect(await scanner.scanBody(body, kind)).toHaveLength(1);
  });

  it('that is empty ends', async () => {
    for (const contentEncoding of [null, 'gzip', 'zstd']) {
      const kind = { contentType: null, contentEncoding };
      expect(await pass(scanner, kind, Buffer.alloc(0), [1])).toEqual({
        released: Buffer.alloc(0),
        rules: [],
        held: 0,
      });
      expect(await scanner.scanBody(Buffer.alloc(0), kind)).toEqual([]);
    }
  });

  it('is closed after its end and after being destroyed', async () => {
    const stream = scanner.stream(plainBody);
    stream.destroy();
    stream.destroy();
    await expect(stream.push(bytes('x'))).rejects.toSatisfy(
      (error) => DlpError.isInstance(error) && error.code === 'stream_closed',
    );
    expect(stream.heldBytes).toBe(0);
  });

  it('shows the offset in the whole body', async () => {
    const stream = scanner.stream(plainBody);
    await stream.push(filler(500_000));
    await stream.push(bytes(secret));
    const { findings } = await stream.end();
    expect(findings).toMatchObject([{ offset: 500_000, length: secret.length, surface: 'body' }]);
  });

  it('with no detectors passes', async () => {
    const none = createScanner({ detectors: [], knownSecrets: [], canaries: [], allow: [] });
    expect((await pass(none, plainBody, bytes(secret), [3])).released.toString()).toBe(secret);
  });

  it.each([null, 'gzip'])('keeps nothing for release after a finding (%s)', async (contentEncoding) => {
    const body = Buffer.concat([bytes(`${secret} `), filler(4 * 1024 * 1024)]);
    const sent = contentEncoding === null ? body : gzipSync(body);
    const stream = scanner.stream({ contentType: null, contentEncoding });
    let findings = 0;
    for (let at = 0; at < sent.length; at += 50_000) {
      const step = await stream.push(sent.subarray(at, at + 50_000));
      findings += step.findings.length;
      expect(step.release).toEqual([]);
      expect(stream.heldBytes).toBeLessThan(1024 * 1024);
    }
    findings += (await stream.end()).findings.length;
    expect(findings).toBe(1);
  });
});
