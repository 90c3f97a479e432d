import { visibleLine } from '@bot-bottle/audit';

/** Longest shown text, in UTF-16 units: more than any text of a proposal has, so that no end of a path is hidden. */
const LONGEST = 8192;

export const whole = (text: string): string => visibleLine(text, LONGEST);
export const field = (name: string, text: string): string => `${name.padEnd(10)}${text}`;
/** The name stands on the first line only; no line when there are no texts. */
export const list = (name: string, texts: readonly string[]): string[] =>
  texts.map((text, index) => field(index === 0 ? name : '', text));
