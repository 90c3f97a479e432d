/** A source of numbers that gives the same ones for the same seed, on every machine. */
export interface Random {
  /** 0 to `below` − 1 */
  readonly int: (below: number) => number;
  readonly pick: <T>(from: readonly T[]) => T;
  /** characters of an alphabet */
  readonly text: (alphabet: string, length: number) => string;
  readonly bytes: (length: number) => Buffer;
}

export const digits = '0123456789';
export const lower = 'abcdefghijklmnopqrstuvwxyz';
export const upper = lower.toUpperCase();
export const hexDigits = '0123456789abcdef';
export const alnum = digits + lower + upper;
export const base64Alphabet = `${upper}${lower}${digits}+/`;

/** mulberry32, seeded by a hash of the text (FNV-1a). */
export function randomOf(seed: string): Random {
  let state = 0x811c9dc5;
  for (const char of seed) state = Math.imul(state ^ (char.codePointAt(0) ?? 0), 0x01000193);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return (value ^ (value >>> 14)) >>> 0;
  };
  const int = (below: number): number => next() % below;
  return {
    int,
    pick: (from) => {
      const value = from[int(from.length)];
      if (value === undefined) throw new RangeError('nothing to pick from');
      return value;
    },
    text: (alphabet, length) => {
      let text = '';
      for (let i = 0; i < length; i++) text += alphabet[int(alphabet.length)] ?? '';
      return text;
    },
    bytes: (length) => {
      const bytes = Buffer.alloc(length);
      for (let i = 0; i < length; i++) bytes[i] = next() & 0xff;
      return bytes;
    },
  };
}
