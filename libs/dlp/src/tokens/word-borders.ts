import { endsBreak } from '../layers/escaped-break.ts';

const NEWLINE = 0x0a;
const ESCAPE = 0x1b;
const BRACKET = 0x5b;
/** Longest list of numbers in a control sequence that is read. */
const MAX_NUMBERS = 16;

/** What is looked at as a letter between words: of line breaks and tabs, and of what colours and clears on a terminal. */
export const borderLetters = /[nrtmK]/;

/**
 * Whether the character at `at` is none of the word after it: it ends a line break or a tab as a string of JSON or of
 * source writes it, or a control sequence of a terminal (ECMA-48), as coloured output has it around what was found, or it
 * is the sign of a line in a diff.
 */
export function isBorder(bytes: Uint8Array, at: number): boolean {
  const char = String.fromCharCode(bytes[at] ?? 0);
  if ('mK'.includes(char)) return endsControlSequence(bytes, at);
  if ('+-'.includes(char)) return bytes[at - 1] === NEWLINE || endsBreak(bytes, at - 1);
  return endsBreak(bytes, at);
}

function endsControlSequence(bytes: Uint8Array, at: number): boolean {
  let from = at - 1;
  while (at - from <= MAX_NUMBERS && isNumber(bytes[from] ?? 0)) from--;
  return bytes[from] === BRACKET && bytes[from - 1] === ESCAPE;
}

/** A digit, or what stands between numbers. */
const isNumber = (byte: number): boolean => byte >= 0x30 && byte <= 0x3b;

/** Whether a text ends in such a letter. */
export function endsInBorder(text: string): boolean {
  const end = Buffer.from(text.slice(-MAX_NUMBERS - 4), 'latin1');
  return isBorder(end, end.length - 1);
}
