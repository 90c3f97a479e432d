import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { encodings } from './support/corpus/encodings.ts';
import { samples } from './support/token-samples.ts';
import { bytes, plainBody, scannerFor, secret } from './support/values.ts';

const scanner = scannerFor(secret, { detectors: ['known_secrets', 'token_patterns'] });
const rulesIn = async (body: string | Uint8Array): Promise<string[]> =>
  (await scanner.scanBody(typeof body === 'string' ? bytes(body) : body, plainBody)).map(({ rule }) => rule);
const known = 'known_secrets/EGRESS_TOKEN_0';
const as = (name: string, value: string): string => {
  const encoding = encodings.find((each) => each.name === name);
  if (encoding === undefined) throw new Error(`no encoding ${name}`);
  return encoding.write(value);
};
const base64 = (value: string | Buffer): string => Buffer.from(value).toString('base64');
const token = samples['github-pat']?.() ?? '';
const tokenRule = 'token_patterns/github-pat';

describe('a value behind several layers', () => {
  it.each<[string, string | Buffer]>([
    ['escapes whose backslash is escaped', as('hex escapes', secret).replaceAll('\\', '\\\\')],
    ['escapes in JSON in JSON', JSON.stringify(JSON.stringify({ k: as('json unicode', secret) }))],
    ['a backslash before an escape', as('json unicode partial', as('json unicode', secret))],
    ['surrogates in escapes', as('json unicode', as('bold', secret))],
    ['compressed text that is hardly ASCII', gzipSync(as('U+200b', secret))],
    ['compressed look-alikes', gzipSync(as('full width', secret))],
    ['zero-width signs in escapes', as('U+2060', as('percent', secret))],
    ['full-width letters in escapes', as('full width', as('json unicode', secret))],
    ['zero-width signs in compressed text', as('U+200b', base64(gzipSync(secret)))],
    ['dashes in escapes', as('dashes', as('percent partial', secret))],
    ['spaces in compressed text', as('spaces', base64(gzipSync(`k ${secret}`)))],
    ['two signs after each character', Array.from(as('percent', secret)).join(', ')],
    ['UTF-16 of escapes', Buffer.from(as('percent', secret), 'utf16le')],
    ['escapes backwards', as('reversed', as('percent partial', secret))],
    ['Unicode escapes backwards', as('reversed', as('json unicode', secret))],
    ['compressed text backwards', as('reversed', base64(gzipSync(secret)))],
    ['zlib backwards', as('reversed', base64(deflateSync(secret)))],
    ['zlib at the end of a path', `/v1/files/${base64(deflateSync(`k ${secret}`))}`],
    ['zlib behind a letter', `x${base64(deflateSync(`k ${secret}`))}`],
    ['look-alikes in base64 at the end of a name', `my-file_${base64(`?${as('bold', secret)}`)}`],
    [
      'ASCII in Unicode tags',
      Array.from(secret, (c) => String.fromCodePoint(0xe0000 + c.charCodeAt(0))).join(''),
    ],
  ])('is found in %s', async (_, body) => {
    expect(await rulesIn(body)).toContain(known);
  });
});

describe('a credential that is not written down as it is', () => {
  it.each<[string, string]>([
    ['backwards', `see ${as('reversed', token)}.`],
    ['with zero-width signs', as('U+200d', token)],
    ['in full width', as('full width', token)],
    ['with dashes', ` ${as('dashes', token)} `],
    ['with spaces', as('spaces', token)],
    ['in base64 at the end of a path', `/v1/upload/${base64(`t ${token}`)}`],
    ['in hex at the end of a path', `/v1/upload/${as('hex', token)}`],
    ['in zlib in base64', base64(deflateSync(`t ${token}`))],
    ['in base64 backwards in base64', base64(as('reversed', token))],
  ])('is found %s', async (_, body) => {
    expect(await rulesIn(body)).toContain(tokenRule);
  });

  it('has a place when it stands there backwards', async () => {
    const body = bytes(`see ${as('reversed', token)}.`);
    expect(await scanner.scanBody(body, plainBody)).toMatchObject([
      { rule: tokenRule, offset: 4, length: token.length },
    ]);
  });
});
