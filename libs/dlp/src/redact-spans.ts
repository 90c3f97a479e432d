import type { Finding } from './contracts.ts';

const STAR = 0x2a;

/**
 * A copy of `bytes` in which the span of every finding that has one is overwritten by `*`, so that the length stays.
 * Findings without a span change nothing: scan the result again and block when anything is left. The findings must be
 * those of these bytes; for a body that includes its parts, whose offsets count from the body's first byte.
 */
export function redactSpans(bytes: Uint8Array, findings: readonly Finding[]): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (const { offset, length } of findings) {
    if (offset !== null && length !== null) copy.fill(STAR, offset, offset + length);
  }
  return copy;
}
