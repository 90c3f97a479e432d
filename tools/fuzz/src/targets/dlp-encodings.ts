import { createScanner } from '@bot-bottle/dlp';
import { spellings } from '../../../../libs/dlp/test/support/spellings.ts';
import { must } from '../fuzz/target.ts';
import type { FuzzTarget } from '../fuzz/target.ts';

/**
 * Encodings of chapter 04 of the specification that may be nested twice. What splits a value by signs is one layer of
 * its own: the splits of an encoding's letters are taken out of its alphabet's noise, which only the outermost can have.
 */
const nestable = [
  'raw',
  'base64 +0',
  'base64 +1',
  'base64 +2',
  'base64 without padding',
  'base64url +1',
  'hex',
  'hex upper',
  'percent all',
  'percent upper',
  'json unicode',
  'reversed',
] as const;
const once = Object.keys(spellings);
const secrets = [
  'live-Zq7Kp2Xw9Rt4Vb6Nm1Yc8Hd3',
  'k3y/With+Signs=And.Dots_91827',
  'AAAA1111bbbb2222CCCC3333dddd',
];
const scanners = secrets.map((value) =>
  createScanner({
    detectors: ['known_secrets'],
    knownSecrets: [{ name: 'TOKEN', value }],
    canaries: [],
    allow: [],
  }),
);

/** Bytes that tell a chain of encodings: which secret, how many layers, which ones; the rest is what stands around. */
export const dlpEncodings: FuzzTarget = {
  name: 'dlp-encodings',
  about: 'a secret that was encoded once in any way, or twice in the ways that nest, is found in any text',
  words: ['\0', '\x01', '\x02', '{"a":"', '"}', '&', '=', ' ', '\n', '.', 'A', '0', 'é', '%', '\\'],
  open: async () => ({
    run: (bytes) => {
      const [which = 0, layers = 0, first = 0, second = 0, ...rest] = bytes;
      const value = secrets[which % secrets.length] ?? '';
      const isNested = layers % 2 === 1;
      const names: string[] = isNested
        ? [nestable[first % nestable.length] ?? 'raw', nestable[second % nestable.length] ?? 'raw']
        : [once[first % once.length] ?? 'raw'];
      const encoded = names.reduce((text, name) => spellings[name]?.(text) ?? text, value);
      // text of people around it: an alphabet's own letters would make it another word of the encoding
      const noise = Buffer.from(rest).toString('utf8');
      const [before, after] = [noise.slice(0, noise.length / 2), noise.slice(noise.length / 2)];
      const text = `${before} "${encoded}" ${after}`;
      const found = scanners[which % scanners.length]?.scanBytes(Buffer.from(text), 'body') ?? [];
      must(
        found.length > 0,
        `not found: ${names.join(' of, outside of it, ')} in ${JSON.stringify(text).slice(0, 600)}`,
      );
      return true;
    },
  }),
};
