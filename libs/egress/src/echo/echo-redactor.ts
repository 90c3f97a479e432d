import { createPartialMatch } from './partial-match.ts';

export interface EchoRedactor {
  /** Takes bytes of a body in order and returns those that may go on; the input is never changed. */
  push(chunk: Buffer): Buffer;
  /** Returns what was held back; the redactor can then be used for another body. */
  end(): Buffer;
  /** A whole text, e.g. a header value of one character per byte, with every form overwritten. */
  redactText(text: string): string;
  /** how many occurrences were overwritten so far */
  readonly count: number;
}

const mask = 0x2a;
const empty = Buffer.alloc(0);

/**
 * Overwrites every occurrence of the given forms with `*`, keeping the length, in a stream cut anywhere. Only a suffix
 * that is a proper prefix of a form is held back, so events of a stream pass at once. Overlapping occurrences are all
 * found before any is overwritten. Empty forms are ignored.
 */
export function createEchoRedactor(forms: readonly Buffer[]): EchoRedactor {
  const searched = forms.filter((form) => form.length > 0).map(createPartialMatch);
  let held: Buffer = empty;
  // How many of the held bytes belong to an occurrence that began before them.
  let heldMasked = 0;
  let count = 0;

  /** Copies on the first occurrence; `spans` end up in `reach`, the offset behind the last one that starts before `cut`. */
  function overwrite(bytes: Buffer, cut: number): { out: Buffer; reach: number } {
    let out = bytes;
    let reach = heldMasked;
    const fill = (start: number, end: number): void => {
      if (out === bytes) out = Buffer.from(bytes);
      out.fill(mask, start, end);
    };
    if (heldMasked > 0) fill(0, heldMasked);
    for (const { form } of searched) {
      for (let at = bytes.indexOf(form); at >= 0; at = bytes.indexOf(form, at + 1)) {
        // One that lies in the held part altogether is found again with the next chunk.
        if (at >= cut) break;
        fill(at, at + form.length);
        count += 1;
        reach = Math.max(reach, at + form.length);
      }
    }
    return { out, reach };
  }

  function push(chunk: Buffer): Buffer {
    const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    let keep = 0;
    for (const partial of searched) keep = Math.max(keep, partial.suffix(bytes));
    const cut = bytes.length - keep;
    const { out, reach } = overwrite(bytes, cut);
    // The chunk is the caller's; what outlives this call is copied.
    held = keep === 0 ? empty : Buffer.from(bytes.subarray(cut));
    heldMasked = Math.min(Math.max(0, reach - cut), held.length);
    return out.subarray(0, cut);
  }

  function end(): Buffer {
    if (held.length === 0) return empty;
    const { out } = overwrite(held, held.length);
    held = empty;
    heldMasked = 0;
    return out;
  }

  function redactText(text: string): string {
    const bytes = Buffer.from(text, 'latin1');
    const found = searched.some(({ form }) => bytes.includes(form));
    if (!found) return text;
    const single = createEchoRedactor(forms);
    const out = Buffer.concat([single.push(bytes), single.end()]);
    count += single.count;
    return out.toString('latin1');
  }

  return {
    push,
    end,
    redactText,
    get count() {
      return count;
    },
  };
}
