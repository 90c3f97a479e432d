import type { Hit } from '../detectors/hit.ts';

/** A hit and its place in the bytes as sent, null when it is known only after decoding. */
export interface PlacedHit {
  readonly hit: Hit;
  readonly span: { readonly start: number; readonly end: number } | null;
}
