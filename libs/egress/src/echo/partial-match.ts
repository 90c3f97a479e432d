/** Finds how much of a form the end of some bytes could be the beginning of (Knuth–Morris–Pratt). */
export interface PartialMatch {
  readonly form: Buffer;
  /** Length of the longest suffix of `bytes` that is a proper prefix of the form. Linear in the form's length. */
  suffix(bytes: Buffer): number;
}

export function createPartialMatch(form: Buffer): PartialMatch {
  const table = borders(form);
  return {
    form,
    suffix(bytes) {
      let state = 0;
      for (let i = Math.max(0, bytes.length - form.length + 1); i < bytes.length; i += 1) {
        const byte = bytes[i];
        while (state > 0 && form[state] !== byte) state = table[state - 1] ?? 0;
        if (form[state] === byte) state += 1;
      }
      return state;
    },
  };
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
