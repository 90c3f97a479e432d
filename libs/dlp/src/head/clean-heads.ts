import type { HeadSurfaces } from '../contracts.ts';

/** Heads that are remembered, and the longest of them in characters. */
const MAX_HEADS = 16;
const MAX_LENGTH = 16 * 1024;

/**
 * The last few heads in which nothing at all was found. A program sends the same fields with most of its requests, and
 * what is found in a head depends on nothing but the head, unless parts of known values are in it: those are no clean
 * heads. Heads are compared character by character, so that no other one passes for them.
 */
export class CleanHeads {
  /** newest first; each as a list of texts of its own, which no caller can change */
  readonly #heads: Array<readonly string[]> = [];

  has(head: HeadSurfaces): boolean {
    const at = this.#heads.findIndex((known) => isSame(known, head));
    if (at < 0) return false;
    const [known] = at === 0 ? [] : this.#heads.splice(at, 1);
    if (known !== undefined) this.#heads.unshift(known);
    return true;
  }

  /** Call only when nothing was found and no part of a value was met. */
  add(head: HeadSurfaces): void {
    const texts = [head.host, head.path, head.query ?? '', String(head.query === null)];
    for (const [name, value] of head.headers) texts.push(name, value);
    if (texts.reduce((length, text) => length + text.length, 0) > MAX_LENGTH) return;
    this.#heads.unshift(texts);
    if (this.#heads.length > MAX_HEADS) this.#heads.pop();
  }
}

function isSame(known: readonly string[], { host, path, query, headers }: HeadSurfaces): boolean {
  if (known.length !== 4 + headers.length * 2) return false;
  if (known[0] !== host || known[1] !== path) return false;
  if (known[2] !== (query ?? '') || known[3] !== String(query === null)) return false;
  for (let i = 0; i < headers.length; i += 1) {
    const field = headers[i];
    if (field === undefined || known[4 + i * 2] !== field[0] || known[5 + i * 2] !== field[1]) return false;
  }
  return true;
}
