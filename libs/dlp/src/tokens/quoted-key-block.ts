import { isVaried, MATERIAL } from './key-block.ts';

/** Lines between the label and the material that are blank or headers, and lines of material. */
const MAX_BEFORE = 12;
const MAX_LINES = 1000;

/** A line break as it is or as JSON writes it. */
const lineBreak = /(?:\r?\n|(?:\\{1,8}r)?\\{1,8}n)/y;
/**
 * What stands before a line that is quoted: the sign of a diff or of a reply, a bar, or the number that a tool put there
 * (`cat -n`, `grep -n`, an editor's `12→`, of which the arrow is three bytes or an escape).
 */
const prefix =
  /[ \t]{0,8}(?:[0-9]{1,6}(?:[ \t]{0,4}(?:\xe2\x86\x92|\\{1,8}u2192|\\{1,8}t|[\t|:>-])|[ \t]{1,4}))?[ \t]{0,4}(?:[|>+-]{0,2})[ \t]{0,8}/y;
const material = /[A-Za-z0-9+/=]{1,200}/y;
const header = /[A-Za-z][A-Za-z-]{0,19}: [^\r\n\\"]{1,100}/y;

/**
 * Where a private key ends whose label ends at `from` and whose lines are quoted, each with something before it; -1: there
 * is none. Stops at the first line that is neither material, a header nor blank, so that no line is read for two labels.
 */
export function quotedKeyBlockEnd(text: string, from: number): number {
  let at = from;
  let end = -1;
  for (let line = 0; line < (end < 0 ? MAX_BEFORE : MAX_LINES); line++) {
    const next = past(lineBreak, text, at);
    if (next < 0) break;
    const start = past(prefix, text, next);
    const stop = past(material, text, start);
    if (stop - start >= MATERIAL && (end >= 0 || isVaried(text, start))) end = stop;
    else if (end >= 0 && stop > start) return stop;
    else if (end >= 0) break;
    at = Math.max(start, stop, past(header, text, start));
  }
  return end;
}

/** Where a match at `from` ends, -1: there is none. */
function past(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : -1;
}
