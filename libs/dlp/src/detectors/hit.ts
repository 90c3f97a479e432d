import type { Finding } from '../contracts.ts';
import type { FragmentTally } from '../fragments/fragment-tally.ts';

/** Something found in one layer of a text, with its place in that layer. */
export interface Hit {
  readonly detector: Finding['detector'];
  readonly rule: string;
  readonly severity: Finding['severity'];
  readonly sha256: string;
  readonly start: number;
  readonly end: number;
}

/** How one layer of a text is looked at. */
export interface LayerOptions {
  /** ignore case, as host names do */
  readonly fold: boolean;
  /** false: decoded bytes that are no text, in which nothing is split up and no credential format stands */
  readonly isText: boolean;
  /** hits after which the search stops */
  readonly limit: number;
  /** takes parts of known values; null: they do not count */
  readonly tally: FragmentTally | null;
}

/** Finds things in one layer. */
export interface LayerDetector {
  search(text: Uint8Array, options: LayerOptions): Hit[];
}
