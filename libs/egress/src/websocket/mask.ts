/** A piece of a buffer and where it goes in the same buffer; `to` is never behind `from`. */
export interface Move {
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

/** Masks or unmasks (RFC 6455 5.3) while moving; `phase` is the offset of the piece in its frame. */
export function applyMask(bytes: Buffer, { from, to, length }: Move, mask: Buffer, phase: number): void {
  const [a = 0, b = 0, c = 0, d = 0] = rotated(mask, phase & 3);
  const whole = length - (length & 3);
  let i = 0;
  for (; i < whole; i += 4) {
    bytes[to + i] = (bytes[from + i] ?? 0) ^ a;
    bytes[to + i + 1] = (bytes[from + i + 1] ?? 0) ^ b;
    bytes[to + i + 2] = (bytes[from + i + 2] ?? 0) ^ c;
    bytes[to + i + 3] = (bytes[from + i + 3] ?? 0) ^ d;
  }
  for (; i < length; i += 1) bytes[to + i] = (bytes[from + i] ?? 0) ^ (mask[(phase + i) & 3] ?? 0);
}

function rotated(mask: Buffer, by: number): number[] {
  return [0, 1, 2, 3].map((i) => mask[(by + i) & 3] ?? 0);
}
