import fc from 'fast-check';

/** One change of an input. Offsets and picks are taken modulo what there is. */
type Edit =
  | { readonly kind: 'set' | 'insert'; readonly at: number; readonly byte: number }
  | { readonly kind: 'word' | 'replace'; readonly at: number; readonly pick: number }
  | { readonly kind: 'cut' | 'double'; readonly at: number; readonly length: number }
  | { readonly kind: 'splice'; readonly at: number; readonly pick: number; readonly from: number }
  | { readonly kind: 'number'; readonly at: number; readonly pick: number }
  | { readonly kind: 'many'; readonly at: number; readonly pick: number; readonly times: number };

const MAX_INPUT_BYTES = 256 * 1024;
/** Where integers end, and what parsers disagree about. */
const NUMBERS = [
  '0',
  '-1',
  '+1',
  '00',
  '1e3',
  '0x10',
  '65535',
  '65536',
  '2147483648',
  '9007199254740993',
  '99999999999999999999',
  'ffffffff',
  'NaN',
];

const at = fc.nat(0xffff);
const pick = fc.nat(0xffff);
const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('set', 'insert'), at, byte: fc.nat(255) }) },
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constantFrom('word', 'replace'), at, pick }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('cut', 'double'), at, length: fc.nat(64) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('splice'), at, pick, from: fc.nat(0xffff) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('number'), at, pick }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('many'), at, pick, times: fc.nat(3000) }),
  },
);

/** A seed, cut by some edits. Few edits are likely: what is nearly right goes deepest. */
export function mutated(seeds: readonly Buffer[], words: readonly string[]): fc.Arbitrary<Buffer> {
  const given = seeds.length === 0 ? [Buffer.alloc(0)] : seeds;
  const vocabulary = words.length === 0 ? ['\0'] : words;
  return fc
    .tuple(
      fc.nat(given.length - 1),
      fc.oneof(fc.array(edit, { maxLength: 3 }), fc.array(edit, { maxLength: 16 })),
    )
    .map(([seed, edits]) => {
      let bytes = given[seed] ?? Buffer.alloc(0);
      for (const each of edits) bytes = apply(bytes, each, given, vocabulary);
      return bytes.subarray(0, MAX_INPUT_BYTES);
    });
}

function apply(bytes: Buffer, edit: Edit, seeds: readonly Buffer[], words: readonly string[]): Buffer {
  const at = edit.at % (bytes.length + 1);
  const before = bytes.subarray(0, at);
  const after = bytes.subarray(at);
  switch (edit.kind) {
    case 'set':
      return Buffer.concat([before, Buffer.from([edit.byte]), after.subarray(1)]);
    case 'insert':
      return Buffer.concat([before, Buffer.from([edit.byte]), after]);
    case 'word':
      return Buffer.concat([before, wordAt(words, edit.pick), after]);
    case 'replace': {
      const word = wordAt(words, edit.pick);
      return Buffer.concat([before, word, after.subarray(word.length)]);
    }
    case 'cut':
      return Buffer.concat([before, after.subarray(edit.length)]);
    case 'double':
      return Buffer.concat([before, after.subarray(0, edit.length), after]);
    case 'splice': {
      const other = seeds[edit.pick % seeds.length] ?? bytes;
      return Buffer.concat([before, other.subarray(edit.from % (other.length + 1))]);
    }
    case 'number':
      return withNumber(bytes, at, NUMBERS[edit.pick % NUMBERS.length] ?? '0');
    case 'many':
      return Buffer.concat([before, Buffer.concat(Array(edit.times).fill(wordAt(words, edit.pick))), after]);
  }
}

const wordAt = (words: readonly string[], pick: number): Buffer =>
  Buffer.from(words[pick % words.length] ?? '', 'latin1');

/** Replaces the next run of digits. */
function withNumber(bytes: Buffer, at: number, number: string): Buffer {
  const text = bytes.toString('latin1');
  const digits = /[0-9]+/g;
  digits.lastIndex = at;
  const match = digits.exec(text) ?? /[0-9]+/.exec(text);
  if (match === null) return bytes;
  const end = match.index + match[0].length;
  return Buffer.from(text.slice(0, match.index) + number + text.slice(end), 'latin1');
}
