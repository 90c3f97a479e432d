import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { redactSpans } from '@bot-bottle/dlp';
import { spellings } from './support/spellings.ts';
import { bytes, plainBody, scannerFor, secret } from './support/values.ts';

const scanner = scannerFor(secret);
const kind = { contentType: 'multipart/form-data; boundary="--xyz"', contentEncoding: null };
const half = Math.floor(secret.length / 2);

function multipart(parts: ReadonlyArray<readonly [string, string | Buffer]>): Buffer {
  const chunks = parts.flatMap(([head, content]) => [
    bytes(`----xyz\r\n${head}\r\n\r\n`),
    Buffer.from(content as string),
    bytes('\r\n'),
  ]);
  return Buffer.concat([...chunks, bytes('----xyz--\r\n')]);
}

const field = (name: string): string => `Content-Disposition: form-data; name="${name}"`;

describe('a multipart body', () => {
  it('names the part in which a value is, and its place in the body', async () => {
    const body = multipart([
      [field('a'), 'clean'],
      [field('note'), `x ${secret}`],
    ]);
    expect(await scanner.scanBody(body, kind)).toMatchObject([
      { surface: 'part:note', offset: body.indexOf(secret), length: secret.length },
    ]);
  });

  it.each<[string, ReadonlyArray<readonly [string, string | Buffer]>]>([
    ['a name', [[field(secret), 'x']]],
    ['a file name', [[`${field('f')}; filename="${secret}.txt"`, 'x']]],
    [
      'an extended file name',
      [
        [
          `${field('f')}; filename*=UTF-8''${Buffer.from(secret).toString('hex').replaceAll(/../g, '%$&')}`,
          'x',
        ],
      ],
    ],
    ['a header of a part', [[`${field('f')}\r\nX-Own: ${secret}`, 'x']]],
    [
      'a part in base64',
      [
        [
          `${field('f')}\r\nContent-Transfer-Encoding: base64`,
          Buffer.from(`some text and ${secret}`).toString('base64'),
        ],
      ],
    ],
    [
      'a part in quoted-printable',
      [
        [
          `${field('f')}\r\nContent-Transfer-Encoding: quoted-printable`,
          `${secret.slice(0, 9)}=\r\n=${secret.charCodeAt(9).toString(16).toUpperCase()}${secret.slice(10)}`,
        ],
      ],
    ],
    ['a compressed file', [[`${field('f')}; filename="a.gz"`, gzipSync(`k ${secret}`)]]],
    [
      'two parts',
      [
        [field('a'), secret.slice(0, half)],
        [field('b'), secret.slice(half)],
      ],
    ],
    [
      'two names',
      [
        [field(secret.slice(0, half)), ''],
        [field(secret.slice(half)), ''],
      ],
    ],
  ])('is searched in %s', async (_, parts) => {
    const findings = await scanner.scanBody(multipart(parts), kind);
    expect(findings.map((finding) => finding.rule)).toContain('known_secrets/EGRESS_TOKEN_0');
    expect(JSON.stringify(findings)).not.toContain(secret);
  });

  it('is searched although its boundary is wrong or its end is missing', async () => {
    const body = multipart([[field('a'), secret]]);
    const other = { ...kind, contentType: 'multipart/form-data; boundary=nothing' };
    expect(await scanner.scanBody(body, other)).toHaveLength(1);
    expect(await scanner.scanBody(body.subarray(0, -12), kind)).toHaveLength(1);
  });
});

describe('a JSON body', () => {
  it('is searched for a value split over several of its strings', async () => {
    const json = { contentType: 'application/json; charset=utf-8', contentEncoding: null };
    const body = bytes(JSON.stringify({ a: secret.slice(0, half), key: [secret.slice(half)] }));
    expect(await scanner.scanBody(body, json)).toMatchObject([{ offset: null, length: null }]);
    expect(await scanner.scanBody(bytes(JSON.stringify({ a: secret.slice(0, half), b: 'x' })), json)).toEqual(
      [],
    );
  });
});

describe('redaction', () => {
  it.each(Object.entries(spellings))(
    'leaves nothing to find where the place is known: %s',
    async (_, spell) => {
      const body = bytes(`{"text": "${spell(secret)} and ${secret}", "more": 1}`);
      const findings = await scanner.scanBody(body, plainBody);
      const redacted = redactSpans(body, findings);
      expect(redacted).toHaveLength(body.length);
      expect(Buffer.from(redacted).subarray(-14).toString()).toBe(
        '", "more": 1}'.padStart(14, String.fromCharCode(redacted.at(-14) ?? 0)),
      );
      const left = await scanner.scanBody(redacted, plainBody);
      expect(left.every((finding) => finding.offset === null)).toBe(true);
      expect(Buffer.from(redacted).includes(secret)).toBe(false);
    },
  );

  it('changes nothing where no place is known, and not the bytes given', async () => {
    const body = bytes(secret);
    expect(redactSpans(body, [])).toEqual(Uint8Array.from(body));
    redactSpans(body, await scanner.scanBody(body, plainBody));
    expect(body.toString()).toBe(secret);
  });
});

describe('findings of a body', () => {
  it('have a masked context and the hash of the value', async () => {
    const [finding] = await scanner.scanBody(bytes(`the key is ${secret} as you see`), plainBody);
    expect(finding).toMatchObject({
      context: 'the key is ******** as you see',
      severity: 'critical',
      offset: 11,
    });
    expect(finding?.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('hide other values that stand near', async () => {
    const spelled = Buffer.from(`xx${secret}`).toString('base64');
    const findings = await scanner.scanBody(bytes(`a ${secret} ${spelled} ${secret} b`), plainBody);
    expect(findings).toHaveLength(3);
    expect(findings.map((finding) => finding.context).join('')).not.toMatch(/[A-Za-z0-9]{6}/);
  });

  it('are suppressed by rule or by hash, and by both only together', async () => {
    const [finding] = await scanner.scanBody(bytes(secret), plainBody);
    const sha256 = finding?.sha256 ?? '';
    const rule = 'known_secrets/EGRESS_TOKEN_0';
    const left = async (allow: { rule?: string; sha256?: string }): Promise<number> =>
      (await scannerFor(secret, { allow: [allow] }).scanBody(bytes(secret), plainBody)).length;
    expect(await left({ rule })).toBe(0);
    expect(await left({ sha256: sha256.toUpperCase() })).toBe(0);
    expect(await left({ rule, sha256 })).toBe(0);
    expect(await left({ rule, sha256: '0'.repeat(64) })).toBe(1);
    expect(await left({ rule: 'known_secrets' })).toBe(1);
  });
});
