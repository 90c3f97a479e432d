/** Finds how much of a form the end of some bytes could be the beginning of. */
export interface PartialMatch {
  /** Length of the longest suffix of `bytes` that is a proper prefix of a form. */
  suffix(bytes: Uint8Array): number;
}

const BITS = 13;

/** For all forms at once; linear in their lengths. */
export function createPartialMatch(forms: readonly Buffer[]): PartialMatch {
  const longest = Math.max(0, ...forms.map((form) => form.length));
  const tables = forms.map((form) => ({ form, table: borders(form) }));
  // Which two bytes a held part of two or more can begin with, and which byte can be one of itself.
  const pairs = new Uint8Array(1 << BITS);
  const singles = new Uint8Array(0x100);
  for (const form of forms) {
    if (form.length > 2) pairs[pairAt(form, 0)] = 1;
    if (form.length > 1) singles[form[0] ?? 0] = 1;
  }
  return {
    suffix(bytes) {
      const last = bytes.length - 1;
      let from = Math.max(0, bytes.length - longest + 1);
      // in most texts nothing there begins a form, and the search ends here
      while (from < last && pairs[pairAt(bytes, from)] !== 1) from += 1;
      if (from > last || (from === last && singles[bytes[last] ?? 0] !== 1)) return 0;
      let kept = 0;
      for (const { form, table } of tables) kept = Math.max(kept, heldOf(form, table, bytes, from));
      return kept;
    },
  };
}

/** Two bytes as an index of a table; different ones may share it. */
function pairAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << (BITS - 8)) ^ (bytes[at + 1] ?? 0);
}

/** Knuth–Morris–Pratt over the end of `bytes`. */
function heldOf(form: Buffer, table: Uint32Array, bytes: Uint8Array, from: number): number {
  let state = 0;
  for (let i = Math.max(from, bytes.length - form.length + 1); i < bytes.length; i += 1) {
    const byte = bytes[i];
    while (state > 0 && form[state] !== byte) state = table[state - 1] ?? 0;
    if (form[state] === byte) state += 1;
  }
  return state;
}

function borders(form: Buffer): Uint32Array {
  const table = new Uint32Array(form.length);
  let state = 0;
  for (let i = 1; i < form.length; i += 1) {
    while (state > 0 && form[state] !== form[i]) state = table[state - 1] ?? 0;
    if (form[state] === form[i]) state += 1;
    table[i] = state;
  }
  return table;
}
