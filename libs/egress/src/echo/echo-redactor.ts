import { createFormSearch } from './form-search.ts';
import type { FormSearch } from './form-search.ts';
import { createPartialMatch } from './partial-match.ts';
import type { PartialMatch } from './partial-match.ts';

export interface EchoRedactor {
  /** Takes bytes of a body in order and returns those that may go on; the input is never changed. */
  push(chunk: Buffer): Buffer;
  /** Returns what was held back; the redactor can then be used for another body. */
  end(): Buffer;
  /** A whole text, e.g. a header value of one character per byte, with every form overwritten. */
  redactText(text: string): string;
  /** Whether any form is in the bytes, which belong to no body. */
  finds(bytes: Uint8Array): boolean;
  /** how many occurrences were overwritten so far */
  readonly count: number;
}

const mask = 0x2a;
const empty = Buffer.alloc(0);

interface Compiled {
  readonly searched: readonly Buffer[];
  readonly partial: PartialMatch;
  readonly finds: FormSearch;
}

const known = new WeakMap<readonly Buffer[], Compiled>();

/** Search tables are made once for the forms of a credential, not for each answer. */
function compiled(forms: readonly Buffer[]): Compiled {
  const before = known.get(forms);
  if (before !== undefined) return before;
  const searched = forms.filter((form) => form.length > 0);
  const made = { searched, partial: createPartialMatch(searched), finds: createFormSearch(searched) };
  known.set(forms, made);
  return made;
}

/**
 * Overwrites every occurrence of the given forms with `*`, keeping the length, in a stream cut anywhere. Only a suffix
 * that is a proper prefix of a form is held back, so events of a stream pass at once. Overlapping occurrences are all
 * found before any is overwritten. Empty forms are ignored, and the array must not change afterwards.
 */
export function createEchoRedactor(forms: readonly Buffer[]): EchoRedactor {
  return new FormRedactor(compiled(forms));
}

class FormRedactor implements EchoRedactor {
  count = 0;
  readonly #forms: Compiled;
  #held: Buffer = empty;
  /** How many of the held bytes belong to an occurrence that began before them. */
  #heldMasked = 0;

  constructor(forms: Compiled) {
    this.#forms = forms;
  }

  push(chunk: Buffer): Buffer {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const keep = this.#forms.partial.suffix(bytes);
    const cut = bytes.length - keep;
    const { out, reach } = this.#overwrite(bytes, cut);
    // The chunk is the caller's; what outlives this call is copied.
    this.#held = keep === 0 ? empty : Buffer.from(bytes.subarray(cut));
    this.#heldMasked = Math.min(Math.max(0, reach - cut), keep);
    return keep === 0 ? out : out.subarray(0, cut);
  }

  end(): Buffer {
    if (this.#held.length === 0) return empty;
    const { out } = this.#overwrite(this.#held, this.#held.length);
    this.#held = empty;
    this.#heldMasked = 0;
    return out;
  }

  redactText(text: string): string {
    const bytes = Buffer.from(text, 'latin1');
    if (!this.finds(bytes)) return text;
    const single = new FormRedactor(this.#forms);
    const out = Buffer.concat([single.push(bytes), single.end()]);
    this.count += single.count;
    return out.toString('latin1');
  }

  finds(bytes: Uint8Array): boolean {
    return this.#forms.finds(bytes);
  }

  /** Copies on the first occurrence; `reach` is the offset behind the last one that starts before `cut`. */
  #overwrite(bytes: Buffer, cut: number): { out: Buffer; reach: number } {
    const masked = this.#heldMasked;
    if (masked === 0 && !this.#forms.finds(bytes)) return { out: bytes, reach: 0 };
    const out = Buffer.from(bytes).fill(mask, 0, masked);
    let reach = masked;
    for (const form of this.#forms.searched) {
      for (let at = bytes.indexOf(form); at >= 0; at = bytes.indexOf(form, at + 1)) {
        // One that lies in the held part altogether is found again with the next chunk.
        if (at >= cut) break;
        out.fill(mask, at, at + form.length);
        this.count += 1;
        reach = Math.max(reach, at + form.length);
      }
    }
    return { out, reach };
  }
}
