import { freshControl, freshPadding } from './control.ts';
import type { ScannedObject } from './scanned-object.ts';
import type { ScanWindow } from './window-cutter.ts';

/** Bytes of content in one file; with padding and control still less than the 100,000 that gitleaks reads at once. */
export const FILE_CONTENT = 80_000;
/** Place of the mark of an ISO image, the only one that padding at the start does not move away. */
const ISO_AT = 32_769;
const isoMark = Buffer.from('CD001');

/** A window of an object in a file. */
export interface Segment {
  readonly object: ScannedObject;
  readonly window: ScanWindow;
}

/** Where a window stands in a file; its bytes are in the file. */
export interface PackedSegment {
  readonly object: ScannedObject;
  readonly offset: number;
  readonly lines: number;
  /** place in the file */
  readonly start: number;
  readonly end: number;
}

export interface PackedFile {
  readonly bytes: Buffer;
  readonly segments: readonly PackedSegment[];
  readonly control: string;
}

/**
 * Some rules of gitleaks look only into files of certain names, and the pusher's names decide on what it skips. So a
 * file gets one of these endings, which no allow-list of gitleaks knows, by what the path in the push ends with.
 */
export const fileKinds = ['txt', 'yaml', 'tf', 'php', 'nuget.config', 'p12'] as const;
export type FileKind = (typeof fileKinds)[number];

export function fileKindOf(path: string | null): FileKind {
  if (path === null) return 'txt';
  if (/\.ya?ml$/i.test(path)) return 'yaml';
  if (/\.(?:tf|hcl)$/i.test(path)) return 'tf';
  if (/\.php$/i.test(path)) return 'php';
  if (/nuget\.config$/i.test(path)) return 'nuget.config';
  if (/\.p(?:12|fx)$/i.test(path)) return 'p12';
  return 'txt';
}

/**
 * Ends what an expression over several lines began in the segment before, so that no match can swallow the next one:
 * a private key's (64 letters, then `KEY-----`), a Kubernetes secret's (300 letters), curl's (eleven line breaks).
 */
const breaks = '\n'.repeat(16);
const fence = Buffer.from(`\n${'.'.repeat(64)}KEY-----${breaks}`);
const yamlFence = Buffer.from(`\n${'.'.repeat(320)}KEY-----${breaks}`);
const plainFence = Buffer.from(breaks);

/** What a segment takes up in a file. */
export function roomOf(segment: Segment, kind: FileKind): number {
  return segment.window.bytes.length + fenceOf(kind).length;
}

function fenceOf(kind: FileKind): Buffer {
  return kind === 'yaml' ? yamlFence : fence;
}

/** Puts segments into one file that begins with padding and ends with a control. */
export function packFile(segments: readonly Segment[], kind: FileKind): PackedFile {
  const control = freshControl();
  // one alone must look as it would in a file of its own
  const between = segments.length === 1 ? plainFence : fenceOf(kind);
  const parts: Buffer[] = [freshPadding(), plainFence];
  let at = parts.reduce((sum, part) => sum + part.length, 0);
  const packed = segments.map((segment): PackedSegment => {
    const { bytes, offset, lines } = segment.window;
    parts.push(bytes, between);
    const start = at;
    at += bytes.length + between.length;
    return { object: segment.object, offset, lines, start, end: start + bytes.length };
  });
  parts.push(Buffer.from(`\n${control}\n`));
  const bytes = Buffer.concat(parts);
  if (bytes.subarray(ISO_AT, ISO_AT + isoMark.length).equals(isoMark)) {
    const moved = (segment: PackedSegment): PackedSegment => ({
      ...segment,
      start: segment.start + 1,
      end: segment.end + 1,
    });
    return { bytes: Buffer.concat([Buffer.from('.'), bytes]), segments: packed.map(moved), control };
  }
  return { bytes, segments: packed, control };
}
