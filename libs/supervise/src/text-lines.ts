import { visibleLine } from '@bot-bottle/audit';

/** Longest shown text, in UTF-16 units: more than any text of a proposal has, so that no end of a path is hidden. */
const LONGEST = 8192;

export const whole = (text: string): string => visibleLine(text, LONGEST);
export const field = (name: string, text: string): string => `${name.padEnd(10)}${text}`;
/** The name stands on the first line only; no line when there are no texts. */
export const list = (name: string, texts: readonly string[]): string[] =>
  texts.map((text, index) => field(index === 0 ? name : '', text));

/** Columns of a terminal that a text may take behind its name: then no row of 80 begins with hostile text. */
const MAX_COLUMNS = 68;

/** A visible line in pieces that fit into a row. */
export function wrapped(line: string): string[] {
  const pieces: string[] = [];
  let piece = '';
  let columns = 0;
  for (const character of line) {
    // Whatever may be wide is counted so.
    const width = (character.codePointAt(0) ?? 0) < 0x300 ? 1 : 2;
    if (columns + width > MAX_COLUMNS) {
      pieces.push(piece);
      piece = '';
      columns = 0;
    }
    piece += character;
    columns += width;
  }
  return [...pieces, piece];
}

/** Lines that the words of the agent may take; its other line breaks are shown as `\n`. */
const MAX_BECAUSE_LINES = 8;

/** What the agent says that it is for: not more than a few lines, whatever it holds. */
export function becauseLines(text: string): string[] {
  const lines = text.split('\n');
  const rest = lines.slice(MAX_BECAUSE_LINES - 1);
  const shown = rest.length > 1 ? [...lines.slice(0, MAX_BECAUSE_LINES - 1), rest.join('\n')] : lines;
  return shown.flatMap((line) => wrapped(whole(line)));
}
