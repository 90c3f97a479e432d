import { visibleLine } from '@bot-bottle/audit';

/** Bytes that are kept on either side of a finding, and how far its line is searched for a marker. */
const KEEP = 200;
const LINE = 16 * 1024;
const MAX_MASKED = 200;
/** Longer unbroken runs may be the value in another spelling. */
const longRun = /[A-Za-z0-9+/_=%\\&#;.~-]{20,}/g;

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The part of the finding's first line that is around it; copied, so that nothing larger is kept. */
export function excerptAround(bytes: Buffer, span: Span): { bytes: Buffer; start: number } {
  const from = Math.max(span.start - KEEP, bytes.lastIndexOf(0x0a, Math.max(0, span.start - 1)) + 1, 0);
  const lineEnd = bytes.indexOf(0x0a, span.start);
  const to = Math.min(bytes.length, span.end + KEEP, lineEnd < 0 ? bytes.length : lineEnd);
  const start = Math.min(from, span.start);
  return { bytes: Buffer.from(bytes.subarray(start, Math.max(start, to))), start };
}

/** Whether a line of the finding asks scanners to look away. */
export function isMarked(bytes: Buffer, span: Span): boolean {
  const from = Math.max(0, span.start - LINE, bytes.lastIndexOf(0x0a, Math.max(0, span.start - 1)) + 1);
  const lineEnd = bytes.indexOf(0x0a, Math.max(span.start, span.end - 1));
  const to = Math.min(bytes.length, span.end + LINE, lineEnd < 0 ? bytes.length : lineEnd);
  return bytes.subarray(from, to).includes('gitleaks:allow');
}

/**
 * The excerpt as a line for a human, at most 200 characters: all spans and every long unbroken run become `*`, at most
 * eight per span, and what cannot be seen is made visible. `at` is where the finding starts.
 */
export function maskedLine(
  excerpt: { readonly bytes: Buffer; readonly start: number },
  spans: readonly Span[],
  at: number,
): string {
  const parts: string[] = [];
  let before = 0;
  let position = excerpt.start;
  const end = excerpt.start + excerpt.bytes.length;
  const text = (from: number, to: number): string =>
    excerpt.bytes
      .toString('utf8', from - excerpt.start, to - excerpt.start)
      .replaceAll(longRun, (run) => '*'.repeat(Math.min(8, run.length)));
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    if (span.end <= position || span.start >= end) continue;
    if (span.start > position) parts.push(text(position, span.start));
    if (span.start <= at) before = parts.join('').length;
    parts.push('*'.repeat(Math.min(8, span.end - Math.max(span.start, position))));
    position = Math.min(end, span.end);
  }
  parts.push(text(position, end));
  const whole = parts.join('');
  const from = Math.max(0, Math.min(before - MAX_MASKED / 2, whole.length - MAX_MASKED));
  return visibleLine(whole.slice(from, from + MAX_MASKED).toWellFormed(), MAX_MASKED);
}
