import { DlpObjects } from './dlp-objects.ts';
import { identityOf, type DlpScan } from './dlp-scan.ts';
import { Eraser } from './eraser.ts';
import type { Span } from './excerpt.ts';
import { KeptFindings } from './kept-findings.ts';
import type { GitAccess, RawFinding, ScannedObject } from './scanned-object.ts';
import { blobPieces } from './wide-text.ts';

export interface BothPasses {
  /** found in the bytes as they are */
  readonly plain: readonly RawFinding[];
  /** found in the same blobs without their zero bytes */
  readonly narrowed: readonly RawFinding[];
  /** the blobs of the second pass, by id */
  readonly wide: ReadonlyMap<string, ScannedObject>;
}

/**
 * What the built-in scanner found in both passes, each thing once. A value in UTF-16 is found in either, but a marker beside
 * it is read in the text only. What the bytes as they are showed in just those places says nothing more; what they showed
 * without a place says nothing more if it is gone when those places are blanked: else another copy would hide behind one
 * that is marked. What is found with the places blanked is told in any case: one value may be told once for all its copies.
 */
export async function withoutDoubled(
  access: GitAccess,
  scan: DlpScan,
  { plain, narrowed, wide }: BothPasses,
): Promise<readonly RawFinding[]> {
  const inPlain = new Set(plain.map(keyOf));
  const places = new Map<string, Span[]>();
  for (const finding of narrowed) {
    const { object, start, end } = finding;
    if (object.oid === null || start === null || !inPlain.has(keyOf(finding))) continue;
    places.set(object.oid, [...(places.get(object.oid) ?? []), { start, end }]);
  }
  const { left, blanked } = await withoutPlaces(access, scan, places, wide);
  const stillThere = new Set(left.map(keyOf));
  const placed = new Set(narrowed.filter(({ start }) => start !== null).map(keyOf));
  const isDoubled = (finding: RawFinding): boolean => {
    const { start, end, object } = finding;
    if (!placed.has(keyOf(finding))) return false;
    if (start === null) return !stillThere.has(keyOf(finding));
    const spans = blanked.get(object.oid ?? '') ?? [];
    return spans.some((span) => span.start <= start && end <= span.end);
  };
  const kept = new KeptFindings();
  for (const finding of [...plain.filter((each) => !isDoubled(each)), ...left, ...narrowed])
    kept.keep(finding);
  return kept.all();
}

interface Blanked {
  /** what is found all the same */
  readonly left: readonly RawFinding[];
  /** the places in the bytes as they are */
  readonly blanked: ReadonlyMap<string, readonly Span[]>;
}

/** Looks at blobs once more with the given places of their text blanked. */
async function withoutPlaces(
  access: GitAccess,
  scan: DlpScan,
  places: ReadonlyMap<string, readonly Span[]>,
  wide: ReadonlyMap<string, ScannedObject>,
): Promise<Blanked> {
  const objects = new DlpObjects(scan);
  const blanked = new Map<string, readonly Span[]>();
  const blobs = new Map([...wide].filter(([oid]) => places.has(oid)));
  let eraser: Eraser | null = null;
  for await (const { object, bytes, isLast } of blobPieces(access, blobs)) {
    const oid = object.oid ?? '';
    eraser ??= new Eraser(places.get(oid) ?? []);
    await objects.take(object, eraser.erase(bytes), isLast);
    if (!isLast) continue;
    blanked.set(oid, eraser.erased);
    eraser = null;
  }
  return { left: objects.finish(), blanked };
}

function keyOf(finding: RawFinding): string {
  return `${finding.object.oid ?? ''} ${identityOf(finding)}`;
}
