import { createHash } from 'node:crypto';
import { GitGateServerError } from '../errors.ts';
import { excerptAround, isMarked, type Span } from './excerpt.ts';
import type { PackedSegment } from './gitleaks-files.ts';
import type { GitleaksFinding } from './run-gitleaks.ts';
import type { RawFinding } from './scanned-object.ts';
import { countLines } from './window-cutter.ts';

/** Shorter values occur by chance. */
const MIN_VALUE = 8;

export interface MappedFindings {
  readonly findings: readonly RawFinding[];
  /** segments that a match left: only a look at each alone tells what is in them */
  readonly again: ReadonlySet<PackedSegment>;
}

/**
 * Maps what gitleaks says of one file, but for its control, back to the objects in it.
 *
 * @throws GitGateServerError `scanner_unavailable` when it names a place where no object is
 */
export function mapFindings(
  segments: readonly PackedSegment[],
  bytes: Buffer,
  reported: readonly GitleaksFinding[],
): MappedFindings {
  const breaks = lineBreaks(bytes);
  const findings: RawFinding[] = [];
  const again = new Set<PackedSegment>();
  const isAlone = segments.length === 1;
  for (const finding of reported) {
    if (finding.StartLine === 0) {
      for (const segment of segments) findings.push(ofFile(segment, bytes, finding));
      continue;
    }
    const span = spanOf(finding, breaks);
    const touched = segments.filter(({ start, end }) => start < span.end && end > span.start);
    const [segment] = touched;
    // a line break of ours may end a match
    const isInside = segment !== undefined && span.start >= segment.start && span.end <= segment.end + 1;
    if (segment === undefined) {
      throw new GitGateServerError('scanner_unavailable', 'gitleaks found something where nothing was put');
    }
    if (isAlone || (touched.length === 1 && isInside)) findings.push(toRaw(segment, bytes, span, finding));
    else for (const each of touched) again.add(each);
  }
  return { findings, again };
}

function lineBreaks(bytes: Buffer): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) places.push(at);
  return places;
}

/** Lines count from 1; columns count from the line break before the line, from 1 in the first line. */
function spanOf(finding: GitleaksFinding, breaks: readonly number[]): Span {
  const before = (line: number): number => (line <= 1 ? 0 : (breaks[line - 2] ?? 0));
  const start = before(finding.StartLine) + finding.StartColumn - 1;
  return { start, end: Math.max(start + 1, before(finding.EndLine) + finding.EndColumn) };
}

function toRaw(segment: PackedSegment, bytes: Buffer, span: Span, finding: GitleaksFinding): RawFinding {
  const content = bytes.subarray(segment.start, segment.end);
  const raw: Span = {
    start: Math.max(0, span.start - segment.start),
    end: Math.min(content.length, span.end - segment.start),
  };
  const sent = Buffer.from(content.subarray(raw.start, raw.end));
  const secret = Buffer.from(finding.Secret);
  // JSON cannot hold bytes that are no text: then only the place tells the value; and a short one stands anywhere
  const isExact = !finding.Secret.includes('\ufffd') && secret.length >= MIN_VALUE;
  const values = [
    ...(isExact ? [secret] : []),
    // a spelling is never shorter than what it stands for
    ...(sent.length >= Math.max(secret.length, MIN_VALUE) ? [sent] : []),
  ];
  const excerpt = excerptAround(content, raw);
  return {
    scanner: 'gitleaks',
    rule: `gitleaks/${finding.RuleID}`,
    object: segment.object,
    start: segment.offset + raw.start,
    end: segment.offset + raw.end,
    line: segment.lines + countLines(content.subarray(0, raw.start)) + 1,
    sha256: hash(secret),
    values,
    marked: isMarked(content, raw),
    excerpt: { bytes: excerpt.bytes, start: segment.offset + excerpt.start },
  };
}

/** A rule that looks at nothing but the name of a file. */
function ofFile(segment: PackedSegment, bytes: Buffer, finding: GitleaksFinding): RawFinding {
  return {
    scanner: 'gitleaks',
    rule: `gitleaks/${finding.RuleID}`,
    object: segment.object,
    start: null,
    end: 0,
    line: null,
    sha256: hash(bytes.subarray(segment.start, segment.end)),
    values: [],
    marked: false,
    excerpt: null,
  };
}

function hash(value: Buffer): string {
  return createHash('sha256').update(value).digest('hex');
}
