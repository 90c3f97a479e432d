import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRuns } from '../src/layers/decode-runs.ts';
import { runEnd, sextets, sourceOf } from '../src/layers/run-codec.ts';
import { mayHoldEscapes } from '../src/layers/unescape.ts';
import { FOLD, hasBit, hash } from '../src/literals/literal-tables.ts';
import * as words from '../src/literals/notice-words.ts';
import * as anchors from '../src/tokens/notice-anchors.ts';
import { probeOf } from '../src/tokens/token-anchors.ts';

const runs = { numRuns: 300 };
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_';

/** Bytes at an address that is a multiple of nothing. */
const shifted = (content: Uint8Array, by: number): Uint8Array =>
  Buffer.concat([Buffer.alloc(by), content]).subarray(by);

/** So many characters of base64, of either alphabet or of both. */
function base64Of(length: number, seed: number, characters: number): Buffer {
  const text = Buffer.alloc(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    text[i] = alphabet.charCodeAt((state >>> 8) % characters);
  }
  return text;
}

/** One character after the other. */
function decoded(text: Uint8Array): Uint8Array {
  const out: number[] = [];
  let bits = 0;
  let count = 0;
  for (const byte of text) {
    bits = ((bits << 6) | (sextets[byte] ?? 0)) & 0xfff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out.push((bits >> count) & 0xff);
  }
  return Uint8Array.from(out);
}

describe('long base64 that the platform decodes', () => {
  const length = fc.oneof(fc.integer({ min: 1000, max: 1100 }), fc.integer({ min: 24, max: 70_000 }));

  it('stands for what one character after the other does, in either alphabet or both', () => {
    fc.assert(
      fc.property(length, fc.nat(), fc.constantFrom(62, 64, 66), fc.nat(4), (size, seed, characters, by) => {
        // not hex, and nothing after the segment of a path
        const text = base64Of(size, seed, characters);
        text.write('Zz', 'latin1');
        const runsOf = decodeRuns(shifted(Buffer.concat([Buffer.from('"'), text, Buffer.from('"')]), by));
        const expected = decoded(text);
        const actual = runsOf?.bytes.subarray(0, expected.length);
        expect(Buffer.compare(actual ?? new Uint8Array(0), expected)).toBe(0);
      }),
      { numRuns: 150 },
    );
  });

  it('ends at every byte that is none of its characters, wherever it stands', () => {
    const text = base64Of(50_000, 7, 66);
    for (let byte = 0; byte < 256; byte++) {
      if ((sextets[byte] ?? -1) >= 0) continue;
      for (const at of [1023, 1024, 1025, 2047 + byte, 4096 + byte * 5, 20_000 + byte, 49_999]) {
        const cut = Buffer.from(text);
        cut[at] = byte;
        expect(runEnd(sourceOf(cut), 0), `${byte} at ${at}`).toBe(at);
        expect(runEnd(sourceOf(cut), 3, at), `${byte} at ${at}`).toBe(at);
      }
    }
  });
});

describe('backslashes that are searched four bytes at a time', () => {
  it('are found wherever one begins an escape', () => {
    const piece = fc.constantFrom(
      '\\',
      '\\',
      'u',
      'x',
      'U',
      '0',
      '1',
      'n',
      't',
      '"',
      ']',
      'abc',
      '\u00e9',
      '7',
      '8',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 24 }), fc.nat(4), (pieces, by) => {
        const text = pieces.join('');
        expect(mayHoldEscapes(shifted(Buffer.from(text), by))).toBe(/\\[uxU0-7]/.test(text));
      }),
      { numRuns: 2000 },
    );
  });
});

/** Some bits of a table, so many of a hundred. */
function bitsOf(size: number, seed: number, percent: number): Int32Array {
  const bits = base64Of(size * 32, seed, 50);
  return Int32Array.from({ length: size }, (_, i) =>
    bits
      .subarray(i * 32, i * 32 + 32)
      .reduce(
        (word, byte, bit) =>
          alphabet.indexOf(String.fromCharCode(byte)) < percent / 2 ? word | (1 << bit) : word,
        0,
      ),
  );
}

describe('what a table of bits knows', () => {
  const content = fc.int32Array({ minLength: 9, maxLength: 200 });

  it('is noticed among words as it is one after the other', () => {
    const filter = bitsOf(128, 3, 20);
    const shift = 32 - 12;
    fc.assert(
      fc.property(content, fc.nat(1), (values, skipped) => {
        const from = skipped * 4;
        const to = values.length - (values.length % 4);
        const count = words.noticeWords(values, from, to, filter, shift);
        const actual = Array.from(words.noticed.subarray(0, count)).flatMap((entry) =>
          [0, 1, 2, 3].filter((i) => ((entry >> i) & 1) === 1).map((i) => from + ((entry >> 4) << 2) + i),
        );
        const isKnown = (i: number): boolean => hasBit(filter, hash((values[i] ?? 0) | FOLD) >>> shift);
        expect(actual).toEqual(Array.from({ length: to - from }, (_, i) => from + i).filter(isKnown));
      }),
      runs,
    );
  });

  it('is noticed at every second byte as it is one after the other', () => {
    const probes = bitsOf(1 << 13, 5, 10);
    fc.assert(
      fc.property(content, fc.nat(1), (values, more) => {
        const from = 1 + more * 2;
        const to = values.length - ((values.length - 1) % 2);
        const count = anchors.noticeAnchors(values, from, to, probes);
        const actual = Array.from(anchors.noticed.subarray(0, count)).flatMap((entry) =>
          [0, 1, 2, 3]
            .filter((i) => ((entry >> i) & 1) === 1)
            .map((i) => (from + (entry >> 4)) * 4 - 2 + i * 2),
        );
        const text = new DataView(values.buffer);
        const isKnown = (at: number): boolean => {
          const key = text.getUint16(at, true) | (text.getUint8(at + 2) << 16) | 0x202020;
          return hasBit(probes, probeOf(key));
        };
        const places = Array.from({ length: (to - from) * 2 }, (_, i) => from * 4 - 2 + i * 2);
        expect(actual).toEqual(places.filter(isKnown));
      }),
      runs,
    );
  });
});
