import { visibleLine } from '@bot-bottle/audit';
import type { FindingPlace, LocatedFinding } from '../contracts.ts';
import { maskedLine, type Span } from './excerpt.ts';
import type { RawFinding, ScannedObject } from './scanned-object.ts';

const MAX_PATH = 1024;

/** Findings without values: every place where any scanner found something is masked in the lines of all. */
export function toFindings(
  findings: readonly RawFinding[],
  all: readonly RawFinding[],
  commitOf: (object: ScannedObject) => string | null,
  placesOf: (object: ScannedObject) => readonly FindingPlace[],
): readonly LocatedFinding[] {
  const byObject = Map.groupBy(all, ({ object }) => object.oid ?? object.type);
  const inNames = all.flatMap(({ object, values }) => (object.type === 'tree' ? values : []));
  return findings.map((finding): LocatedFinding => {
    const { object, excerpt, start } = finding;
    const spans = (byObject.get(object.oid ?? object.type) ?? []).flatMap((other) =>
      other.start === null ? [] : [{ start: other.start, end: other.end }],
    );
    if (excerpt !== null) spans.push(...finding.values.flatMap((value) => spansOf(value, excerpt)));
    return {
      rule: finding.rule,
      objectType: object.type,
      oid: object.oid,
      path: object.path === null ? null : maskedPath(object.path, inNames),
      commit: commitOf(object),
      line: finding.line,
      masked:
        excerpt === null || start === null ? '(seen only after decoding)' : maskedLine(excerpt, spans, start),
      sha256: finding.sha256,
      marked: finding.marked,
      places: finding.marked ? placesOf(object) : [],
    };
  });
}

/** Every place of a value, whatever place the scanner gave. */
function spansOf(
  value: Buffer,
  { bytes, start }: { readonly bytes: Buffer; readonly start: number },
): Span[] {
  const spans: Span[] = [];
  for (let at = bytes.indexOf(value); at >= 0; at = bytes.indexOf(value, at + value.length)) {
    spans.push({ start: start + at, end: start + at + value.length });
  }
  return spans;
}

/** A secret that is the name of a folder stands in the paths of what is in it. */
function maskedPath(path: string, values: readonly Buffer[]): string {
  let text = path;
  for (const value of values) text = text.replaceAll(value.toString('utf8'), '********');
  return visibleLine(text, MAX_PATH);
}
