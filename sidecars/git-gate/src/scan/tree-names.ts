import { GitGateServerError } from '../errors.ts';

/** Longest entry of a tree; git itself refuses names of this length long before. */
const MAX_ENTRY = 1024 * 1024;

/** Names that are remembered; beyond them some are given again. */
const MAX_SEEN = 500_000;

/** Turns the bytes of a tree (`mode SP name NUL oid`, again and again) into its names, one a line. */
export class TreeNames {
  readonly #oidLength: number;
  readonly #seen: Set<string> | null;
  #rest: Buffer = Buffer.alloc(0);

  /**
   * `oidLength` is 20 for SHA-1, 32 for SHA-256. Names that are in `seen` are left out, others are added to it: every
   * commit brings a new tree of a folder with all its old names.
   */
  constructor(oidLength: number, seen: Set<string> | null) {
    this.#oidLength = oidLength;
    this.#seen = seen;
  }

  /** @throws GitGateServerError `scanner_unavailable` when the bytes are no tree */
  push(bytes: Buffer, isLast: boolean): Buffer {
    const input = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const names: Buffer[] = [];
    let at = 0;
    while (at < input.length) {
      const space = input.indexOf(0x20, at);
      const nul = space < 0 ? -1 : input.indexOf(0, space);
      const end = nul + 1 + this.#oidLength;
      if (nul < 0 || end > input.length) break;
      const name = input.subarray(space + 1, nul);
      if (this.#isNew(name)) names.push(name, newline);
      at = end;
    }
    this.#rest = input.subarray(at);
    if (this.#rest.length > (isLast ? 0 : MAX_ENTRY)) {
      throw new GitGateServerError('scanner_unavailable', 'a tree of the push cannot be read');
    }
    return Buffer.concat(names);
  }

  #isNew(name: Buffer): boolean {
    if (this.#seen === null) return true;
    const key = name.toString('latin1');
    if (this.#seen.has(key)) return false;
    if (this.#seen.size < MAX_SEEN) this.#seen.add(key);
    return true;
  }
}

const newline = Buffer.from('\n');
