/** Tells whether any of some forms is in some bytes, in one pass that looks at few of them. */
export type FormSearch = (bytes: Uint8Array) => boolean;

/** Below this a window is so short that there is little to skip. */
const SHORTEST = 8;
const BITS = 15;
const MAX_SHIFT = 255;

/**
 * Searches for all forms at once (Wu and Manber, "A fast algorithm for multi-pattern searching", 1994): the last three
 * bytes of a window as long as the shortest form say how far the window can move without passing an occurrence, which
 * is nearly its length in ordinary text. One search for each form costs a pass for each.
 */
export function createFormSearch(forms: readonly Buffer[]): FormSearch {
  const searched = forms.filter((form) => form.length > 0);
  const width = Math.min(...searched.map((form) => form.length));
  if (searched.length === 0) return () => false;
  if (width < SHORTEST) return (bytes) => searched.some((form) => asBuffer(bytes).includes(form));
  const most = Math.min(width - 2, MAX_SHIFT);
  const shifts = new Uint8Array(1 << BITS).fill(most);
  const ending = new Map<number, Buffer[]>();
  for (const form of searched) {
    for (let last = 2; last < width; last += 1) {
      const block = blockAt(form, last);
      shifts[block] = Math.min(shifts[block] ?? 0, width - 1 - last);
    }
    const block = blockAt(form, width - 1);
    ending.set(block, [...(ending.get(block) ?? []), form]);
  }
  return (bytes) => {
    const table = shifts;
    const { length } = bytes;
    for (let last = width - 1; last < length;) {
      const block = blockAt(bytes, last);
      const shift = table[block] ?? 0;
      // a constant, so that the processor goes on without waiting for what the table says
      if (shift === most) last += most;
      else if (shift > 0) last += shift;
      else if (ending.get(block)?.some((form) => startsAt(bytes, last - width + 1, form)) === true)
        return true;
      else last += 1;
    }
    return false;
  };
}

/** The three bytes up to `last` as an index of a table. */
function blockAt(bytes: Uint8Array, last: number): number {
  return (
    (((bytes[last - 2] ?? 0) << 10) ^ ((bytes[last - 1] ?? 0) << 5) ^ (bytes[last] ?? 0)) & ((1 << BITS) - 1)
  );
}

function startsAt(bytes: Uint8Array, at: number, form: Uint8Array): boolean {
  for (let i = 0; i < form.length; i += 1) if (bytes[at + i] !== form[i]) return false;
  return true;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
