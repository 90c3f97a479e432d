import { gzipSync } from 'node:zlib';
import type { TokenRule } from '../../src/tokens/token-rule.ts';
import { samples } from './token-samples.ts';
import { secret } from './values.ts';

/** Makes a text of about so many characters. */
export type WorstCase = (size: number) => string;

const gz = gzipSync('decoy '.repeat(50)).toString('base64').replaceAll('=', '');
const cut = Buffer.from([
  0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 255, 255, 255, 255, 255, 255, 255, 255,
]).toString('base64');

/** Bodies made to keep a scanner busy, by what they are full of. */
export const worstOfLayers: Readonly<Record<string, WorstCase>> = {
  'the value over and over': (size) => `${secret} `.repeat(size / secret.length),
  'all of the value but its end': (size) => `${secret.slice(0, -1)}. `.repeat(size / secret.length),
  'the value in pieces': (size) => `${Array.from(secret).join(' - ')} `.repeat(size / secret.length / 4),
  'escapes of escapes': (size) => '%2525255c%255cu0041'.repeat(size / 19),
  backslashes: (size) => '\\'.repeat(size),
  entities: (size) => '&#x0000000000000000'.repeat(size / 19),
  'compressed decoys': (size) => `${gz} `.repeat(size / gz.length),
  'broken compressed decoys': (size) => `${cut}${cut} `.repeat(size / cut.length / 2),
  'magic numbers': (size) => 'H4sIAAAAAAAAA'.repeat(size / 13),
  'starts of tokens': (size) => '-eyJ.sk-ghp_AKIA:AA://xoxb-'.repeat(size / 27),
  'starts of key blocks': (size) => `-----BEGIN ${'PRIVATE'} KEY-----${'\\n'.repeat(30)}`.repeat(size / 87),
  'headers of a key block': (size) => `-----BEGIN ${'PRIVATE'} KEY-----${'\\nA: B'.repeat(size / 6)}`,
  'headers of key blocks': (size) =>
    `-----BEGIN ${'PRIVATE'} KEY-----${'A: b\n'.repeat(700)}.\n`.repeat(size / 3529),
  'key blocks in headers': (size) => `-----BEGIN ${'PRIVATE'} KEY-----A: `.repeat(size / 30),
  'starts of addresses': (size) => 'https://a:https://b:postgres://c:'.repeat(size / 33),
  'escapes backwards': (size) => '14%24% 3400u\\ Is4H Je '.repeat(size / 23),
  'separators that end early': (size) => `${'a-'.repeat(14)}bc`.repeat(size / 30),
  'separators in separators': (size) => 'a- - '.repeat(size / 5),
  'credentials backwards': (size) => 'ABCDEFGHIJKL2345AIKA '.repeat(size / 21),
  'segments of a path': (size) => `/a-b_c/${'Q'.repeat(30)}/eJ`.repeat(size / 40),
  'zero-width signs': (size) => '\u200ba\u0301'.repeat(size / 6),
  'parts of the value': (size) => `${secret.slice(0, 9)} ${secret.slice(11, 21)} `.repeat(size / 21),
  quotes: (size) => '"'.repeat(size),
  'unfinished strings': (size) => '"\\'.repeat(size / 2),
};

/** Pieces that paths are full of which are made to keep the detectors of heads busy. */
export const worstOfHeads: Readonly<Record<string, string>> = {
  'crlf, line breaks without a field': '%0d%0aA',
  'crlf, fields without a colon': `%0d%0a${'x'.repeat(63)}`,
  'crlf, request lines without an end': `%0aGET ${'/'.repeat(500)}`,
  'crlf, escapes of escapes': '%2525255c%255cu000a',
  'entropy, runs that are not random': '/aaaaaaaaaaaaaaaaaaaaaaaa',
  'entropy, random runs': '/aB3dE5fG7hJ9kL1mN3pQ5rS7',
  'entropy, one run': 'aB3dE5fG7hJ9kL1mN3pQ5rS7',
};

/** Texts made to keep one rule busy: its anchors, and what its credentials nearly are. */
export function worstOfRule(rule: TokenRule): Readonly<Record<string, WorstCase>> {
  const [anchor = ''] = rule.anchors;
  const sample = samples[rule.id]?.() ?? anchor;
  const over = (text: string): WorstCase => {
    return (size) => text.repeat(Math.ceil(size / text.length));
  };
  return {
    anchors: over(rule.anchors.join('')),
    'anchors apart': over(`${rule.anchors.join(' ')} `),
    'a body without an end': (size) => `${anchor}${'a1B-'.repeat(size / 4)}`,
    'a body of another kind': over(`${anchor}${'a'.repeat(30)} `),
    'all but the end': over(`${sample.slice(0, -1)} `),
    'all and more': over(`${sample}~`),
    'backwards, all but the beginning': over(`${Array.from(sample.slice(1)).toReversed().join('')} `),
  };
}
