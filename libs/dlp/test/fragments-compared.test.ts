import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FragmentIndex, GRAM, type FragmentValue } from '../src/fragments/fragment-index.ts';
import { FragmentTally } from '../src/fragments/fragment-tally.ts';
import { LiteralSet } from '../src/literals/literal-set.ts';
import { chars } from './support/token-samples.ts';
import { bytes, madeUp } from './support/values.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-';

const valueOf = (text: string): FragmentValue => ({
  detector: 'known_secrets',
  rule: 'known_secrets/A',
  sha256: '',
  bytes: bytes(text),
});

/** 1 for each byte of the text that belongs to eight or more that stand in the value as well. */
function shared(text: Uint8Array, value: Uint8Array): Uint8Array {
  const covered = new Uint8Array(text.length);
  for (let origin = 1 - value.length; origin < text.length; origin++) {
    let run = 0;
    for (let at = Math.max(0, origin); at <= Math.min(text.length, origin + value.length); at++) {
      if (at < text.length && text[at] === value[at - origin]) run++;
      else {
        if (run >= GRAM) covered.fill(1, at - run, at);
        run = 0;
      }
    }
  }
  return covered;
}

function found(text: Uint8Array, value: FragmentValue): Uint8Array {
  const literal = { owner: value, encoding: 'raw', bytes: value.bytes, caseInsensitive: false };
  const set = LiteralSet.of([literal], new FragmentIndex([value], 'plain'));
  const tally = new FragmentTally();
  tally.enter((start, end) => ({ start, end }));
  set.search(text, false, 256, tally);
  const covered = new Uint8Array(text.length);
  for (const { span } of tally.spansOf(new Set([value.rule])))
    if (span !== null) covered.fill(1, span.start, span.end);
  return covered;
}

describe('parts of a value', () => {
  it('are found to their ends, wherever they begin and however long they are', () => {
    // one that repeats itself would be found at other places too
    const texts = [madeUp('short', 36), chars(alphabet, 300)];
    const piece = fc.tuple(fc.constantFrom(...texts), fc.nat(299), fc.nat(150));
    fc.assert(
      fc.property(
        fc.constantFrom(...texts),
        fc.array(piece, { maxLength: 8 }),
        fc.nat(4),
        (text, pieces, by) => {
          const parts = pieces.map(([from, start, length]) =>
            from.slice(start % from.length).slice(0, length),
          );
          const sent = bytes(`${'.'.repeat(by)}${parts.join('~')}`).subarray(by);
          const value = valueOf(text);
          expect(Buffer.compare(found(sent, value), shared(sent, value.bytes))).toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('are found in the text that is searched next at the same place', () => {
    const value = valueOf(madeUp('short', 36));
    const set = LiteralSet.of(
      [{ owner: value, encoding: 'raw', bytes: value.bytes, caseInsensitive: false }],
      new FragmentIndex([value], 'plain'),
    );
    const tally = new FragmentTally();
    tally.enter(() => null);
    set.search(value.bytes, false, 256, tally);
    tally.enter((start, end) => ({ start, end }));
    set.search(value.bytes, false, 256, tally);
    expect(tally.spansOf(new Set([value.rule])).map(({ span }) => span)).toEqual([{ start: 0, end: 36 }]);
  });
});
