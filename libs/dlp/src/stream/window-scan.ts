import type { Finding, Surface } from '../contracts.ts';
import { toFindings } from '../findings/to-findings.ts';
import { FragmentTally } from '../fragments/fragment-tally.ts';
import { FragmentWindow } from '../fragments/fragment-window.ts';
import { sextets } from '../layers/run-codec.ts';
import type { PlacedHit } from '../scan/placed-hit.ts';
import type { ScanContext } from '../scan/scan-text.ts';
import { walkLayers, type WalkOptions } from '../scan/walk-layers.ts';

/** Longest span that is found across chunks, in bytes: so much is held back until the end is known. */
export const MAX_SPAN = 64 * 1024;
/** New bytes that are scanned together; together with the span before them they are the memory of one body. */
const BATCH = 384 * 1024;

export interface WindowOptions extends ScanContext {
  readonly surface: Surface;
  readonly walk: WalkOptions;
  /** whether offsets in these bytes are offsets in the body as sent */
  readonly isAsSent: boolean;
}

/** Scans bytes of any length through a window that overlaps itself by the longest span. */
export class WindowScan {
  readonly #options: WindowOptions;
  readonly #fragments: FragmentWindow;
  readonly #seen = new Set<string>();
  #chunks: Uint8Array[] = [];
  /** offset of the window's first byte */
  #base = 0;
  #scanned = 0;
  #end = 0;

  constructor(options: WindowOptions) {
    this.#options = options;
    this.#fragments = options.fragments ?? new FragmentWindow();
  }

  /** Offset up to which no span that is still open can begin. */
  get safe(): number {
    return this.#base;
  }

  /** Offset up to which a match would have been noticed. */
  get scanned(): number {
    return this.#scanned;
  }

  /** Offset of the next byte to come. */
  get end(): number {
    return this.#end;
  }

  get heldBytes(): number {
    return this.#end - this.#base;
  }

  feed(bytes: Uint8Array): Finding[] {
    const findings: Finding[] = [];
    for (let at = 0; at < bytes.length;) {
      const piece = bytes.subarray(at, at + BATCH - (this.#end - this.#scanned));
      this.#chunks.push(piece);
      this.#end += piece.length;
      at += piece.length;
      if (this.#end - this.#scanned >= BATCH) findings.push(...this.#scan(false));
    }
    return findings;
  }

  finish(): Finding[] {
    return this.#end > this.#scanned ? this.#scan(true) : this.#release(this.#end);
  }

  clear(): void {
    this.#chunks = [];
    this.#base = this.#end;
    this.#scanned = this.#end;
  }

  #scan(isLast: boolean): Finding[] {
    const window = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
    if (window === undefined) return [];
    const { detectors, walk, surface, allow, isAsSent } = this.#options;
    const known = this.#scanned - this.#base;
    const tally = new FragmentTally();
    const hits = walkLayers(window, detectors, { ...walk, tally })
      // what ends in the overlap was seen before, or only looks so because its beginning was cut off
      .filter(({ span }) => span === null || span.end > known);
    hits.push(...tally.settle(this.#fragments, new Set(hits.map(({ hit }) => hit.rule))));
    const findings = toFindings(window, isAsSent ? hits : hits.map(withoutSpan), surface, allow, !isLast)
      .map((finding) =>
        finding.offset === null ? finding : { ...finding, offset: finding.offset + this.#base },
      )
      .filter((finding) => this.#isNew(finding));
    this.#scanned = this.#end;
    const keepFrom = isLast ? this.#end : Math.max(this.#base, this.#end - MAX_SPAN);
    const cut = isLast ? keepFrom : this.#base + alignedCut(window, keepFrom - this.#base);
    this.#chunks = [window.subarray(cut - this.#base)];
    this.#base = cut;
    return findings;
  }

  #release(to: number): Finding[] {
    this.#base = to;
    this.#chunks = [];
    return [];
  }

  #isNew(finding: Finding): boolean {
    if (finding.offset !== null) return true;
    const key = `${finding.rule} ${finding.sha256}`;
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    return true;
  }
}

function withoutSpan({ hit }: PlacedHit): PlacedHit {
  return { hit, span: null };
}

/** A place at or a little before `cut` that keeps the groups of four of a base64 run together. */
function alignedCut(window: Uint8Array, cut: number): number {
  const table = sextets;
  let start = cut;
  while (start > 0 && (table[window[start - 1] ?? 0] ?? -1) >= 0) start--;
  return cut - ((cut - start) % 4);
}
