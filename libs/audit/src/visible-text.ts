/** Longest text that `visibleText` returns unless told otherwise, in UTF-16 units. */
export const DEFAULT_TEXT_LENGTH = 64 * 1024;
/** Longest line that `visibleLine` returns unless told otherwise, in UTF-16 units. */
export const DEFAULT_LINE_LENGTH = 1024;

/** Marks on one letter beyond this many are drawn over the lines around it, so they are shown as escapes. */
const MAX_MARKS = 4;

const plain = /^[\x20-\x7e]*$/;
/**
 * Everything without a shape of its own: controls, format characters (bidi, zero-width, tags), surrogates, private
 * and unassigned code points, separators and spaces that are not U+0020, ignorable fillers and variation selectors,
 * and the two blanks that Unicode counts as symbols or letters.
 */
const invisible = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\p{Variation_Selector}\u{2800}\u{16fe4}]/u;
const mark = /\p{M}/u;

const shorthand: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeCharacter(character: string): string {
  return shorthand[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

function render(text: string, maxLength: number, kept: string): string {
  if (text.length <= maxLength && plain.test(text)) return text;
  let out = '';
  let marks = 0;
  for (const character of text) {
    const isMark = mark.test(character);
    marks = isMark ? marks + 1 : 0;
    const shown =
      character === ' ' || kept.includes(character)
        ? character
        : invisible.test(character) || marks > MAX_MARKS || (isMark && out === '')
          ? escapeCharacter(character)
          : character;
    if (out.length + shown.length > maxLength) return cut(out, maxLength);
    out += shown;
  }
  return out;
}

/** Shortens to leave room for the ellipsis without splitting a code point or an escape that was just written. */
function cut(out: string, maxLength: number): string {
  if (maxLength <= 0) return '';
  if (out.length < maxLength) return `${out}…`;
  const shorter = out.replace(/(?:\\u\{[0-9a-f]{1,6}\}|\\[nrt]|[\s\S])$/u, '');
  return `${shorter}…`;
}

/**
 * Makes hostile text safe to show on several lines: every control, escape, bidi, zero-width, filler or otherwise
 * invisible character becomes `\u{…}` (`\r` for a carriage return), newlines and tabs stay, and what is longer than
 * `maxLength` UTF-16 units is cut with `…`. The result is safe to pass again.
 */
export function visibleText(text: string, maxLength: number = DEFAULT_TEXT_LENGTH): string {
  return render(text, maxLength, '\n\t');
}

/** Like `visibleText` for one line: newlines and tabs are shown as `\n` and `\t` too. */
export function visibleLine(text: string, maxLength: number = DEFAULT_LINE_LENGTH): string {
  return render(text, maxLength, '');
}
