import { afterSegments, innerPlaces, isMagicBackwards } from './after-segments.ts';
import { endsBreak, isBreakLetter } from './escaped-break.ts';
import {
  decodeBase64,
  decodeHex,
  flush,
  isHex,
  reserve,
  runEnd,
  sextets,
  sinkFor,
  sourceOf,
  type Sink,
  type Source,
} from './run-codec.ts';

/** Shortest run of base64 or hex characters that is decoded: 16 bytes or more of content. */
const MIN_RUN = 24;
/** A line of this length or more may go on after a line break (PEM wraps at 64, MIME at 76). */
const MIN_LINE = 60;
/** Longest run after segments that is decoded on its own. */
const MAX_INNER = 64 * 1024;

const BACKSLASH = 0x5c;

/** What the runs of base64 and hex in a text stand for. */
export interface DecodedRuns {
  /** contents of the runs, with a NUL between them */
  readonly bytes: Uint8Array;
  /** where each run's content starts */
  readonly starts: readonly number[];
  /** whether a run ends as those of compressed text begin: it may be written backwards */
  readonly endsCompressed: boolean;
}

/**
 * Decodes every run of 24 or more base64 (either alphabet) or hex characters, each from its first character. Lines of
 * one wrapped run are joined. Returns null when there is none.
 */
export function decodeRuns(text: Uint8Array): DecodedRuns | null {
  const table = sextets;
  const source = sourceOf(text);
  let sink: Sink | null = null;
  const starts: number[] = [];
  let endsCompressed = false;
  // a run of MIN_RUN characters cannot avoid every place that is looked at
  for (let at = MIN_RUN - 1; at < text.length; at += MIN_RUN) {
    if ((table[text[at] ?? 0] ?? -1) < 0) continue;
    let start = at;
    while (start > 0 && at - start < MIN_RUN && (table[text[start - 1] ?? 0] ?? -1) >= 0) start--;
    // the letter of a line break in a string of JSON is not the first one of what follows
    const isAfterBreak = endsBreak(text, start);
    if (isAfterBreak) start++;
    let end = runEnd(source, at + 1);
    if (end - start < MIN_RUN) {
      at = end - 1;
      continue;
    }
    sink ??= sinkFor(text.length + 16);
    starts.push(sink.length);
    // what follows in the next line may not belong to it
    endsCompressed ||= isMagicBackwards(text, end);
    if (isHex(source, start, end)) decodeHex(source, start, end, sink);
    else end = decodeLines(source, start, end, sink);
    sink.bytes[sink.length++] = 0;
    endsCompressed ||= isMagicBackwards(text, end);
    at = end - 1;
    // what a run stands for depends on where it begins, and a path or a name may end right before it
    let count = afterSegments(source, start, end, MIN_RUN, MAX_INNER);
    if (isAfterBreak) innerPlaces[count++] = start - 1;
    for (let i = 0; i < count; i++) {
      const inner = innerPlaces[i] ?? 0;
      const last = Math.min(end, inner + MAX_INNER);
      reserve(sink, last - inner + Math.ceil((text.length - end) * 0.8) + 16);
      starts.push(sink.length);
      if (isHex(source, inner, last)) decodeHex(source, inner, last, sink);
      else decodeLines(source, inner, runEnd(source, inner, last), sink, last);
      sink.bytes[sink.length++] = 0;
    }
  }
  return sink === null ? null : { bytes: sink.bytes.subarray(0, sink.length), starts, endsCompressed };
}

/** Decodes a base64 run and the lines that it goes on in; gives where it ends in the text. */
function decodeLines(
  source: Source,
  from: number,
  to: number,
  sink: Sink,
  last = source.bytes.length,
): number {
  const text = source.bytes;
  const open = { bits: 0, count: 0 };
  let start = from;
  let end = to;
  for (;;) {
    decodeBase64(source, start, end, sink, open);
    const next = end - start >= MIN_LINE ? skipLineBreak(text, end) : end;
    if (next === end || next >= last || (sextets[text[next] ?? 0] ?? -1) < 0) break;
    start = next;
    end = runEnd(source, next, last);
  }
  flush(open, sink);
  return end;
}

/** Decodes one base64 run from `start`, e.g. where a magic number was found. At most `limit` characters are read. */
export function decodeBase64At(text: Uint8Array, start: number, limit: number): Uint8Array {
  const source = sourceOf(text);
  const end = runEnd(source, start, Math.min(text.length, start + limit));
  const sink = sinkFor(end - start);
  const open = { bits: 0, count: 0 };
  decodeBase64(source, start, end, sink, open);
  flush(open, sink);
  return sink.bytes.subarray(0, sink.length);
}

/** Where the text goes on after a line break, white space, or an escaped line break; `from` when there is none. */
function skipLineBreak(text: Uint8Array, from: number): number {
  let at = from;
  while (at < text.length && at - from < 16) {
    const byte = text[at] ?? 0;
    if (byte === 0x0a || byte === 0x0d || byte === 0x20 || byte === 0x09) at++;
    else {
      const letter = afterBackslashes(text, at);
      if (letter === at || !isBreakLetter(text[letter])) break;
      at = letter + 1;
    }
  }
  return at;
}

/** JSON in JSON doubles them. */
function afterBackslashes(text: Uint8Array, from: number): number {
  let at = from;
  while (text[at] === BACKSLASH && at - from < 8) at++;
  return at;
}
