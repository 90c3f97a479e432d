import { skeletonOf, skeletonStarts } from '../layers/skeleton.ts';

/** One way in which parts of a value may be written. */
export interface FragmentSpelling {
  readonly bytes: Uint8Array;
  readonly anyCase: boolean;
  /** the bytes of the value that a part of the spelling tells, at its ends by half of their bits or more */
  readonly place: (start: number, end: number) => readonly [number, number];
}

/** Longer values are recognised by raw parts only. */
const MAX_SPELLED = 4096;

/**
 * The spellings whose parts count: raw, reversed, base64 in both alphabets at three offsets, hex; or, for a text
 * without its signs, the value without its signs.
 */
export function spellingsOf(value: Uint8Array, kind: 'plain' | 'skeleton'): FragmentSpelling[] {
  if (kind === 'skeleton') return withoutSigns(value);
  const raw: FragmentSpelling = { bytes: value, anyCase: false, place: (start, end) => [start, end] };
  if (value.length > MAX_SPELLED) return [raw];
  const { length } = value;
  return [
    raw,
    {
      bytes: Uint8Array.from(value).reverse(),
      anyCase: false,
      place: (start, end) => [length - end, length - start],
    },
    {
      bytes: Buffer.from(Buffer.from(value).toString('hex'), 'latin1'),
      anyCase: true,
      place: (start, end) => [Math.round(start / 2), Math.round(end / 2)],
    },
    ...[0, 1, 2].flatMap((offset) => base64Spellings(value, offset)),
  ];
}

function base64Spellings(value: Uint8Array, offset: number): FragmentSpelling[] {
  const padded = Buffer.concat([Buffer.alloc(offset), value]).toString('base64');
  const first = Math.ceil((offset * 8) / 6);
  const core = padded.slice(first, Math.floor(((offset + value.length) * 8) / 6));
  const place = (start: number, end: number): readonly [number, number] => [
    Math.round(((start + first) * 6) / 8) - offset,
    Math.round(((end + first) * 6) / 8) - offset,
  ];
  const url = core.replaceAll('+', '-').replaceAll('/', '_');
  return [...new Set([core, url])].map((text) => ({
    bytes: Buffer.from(text, 'latin1'),
    anyCase: false,
    place,
  }));
}

function withoutSigns(value: Uint8Array): FragmentSpelling[] {
  const starts = skeletonStarts(value);
  const place = (start: number, end: number): readonly [number, number] => [
    starts[start] ?? 0,
    end < starts.length ? (starts[end] ?? value.length) : value.length,
  ];
  return [{ bytes: skeletonOf(value), anyCase: false, place }];
}
