const BACKSLASH = 0x5c;

/** Whether a backslash makes a line break or a tab of this letter: n, r, t. */
export function isBreakLetter(byte: number | undefined): boolean {
  return byte === 0x6e || byte === 0x72 || byte === 0x74;
}

/** Whether the letter at `at` ends a line break or a tab as a string of JSON or of source writes it. */
export function endsBreak(bytes: Uint8Array, at: number): boolean {
  return bytes[at - 1] === BACKSLASH && isBreakLetter(bytes[at]);
}
