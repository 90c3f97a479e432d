import { GitGateServerError } from '../errors.ts';

/** Longest entry of a tree; git itself refuses names of this length long before. */
const MAX_ENTRY = 1024 * 1024;

/** Turns the bytes of a tree (`mode SP name NUL oid`, again and again) into its names, one a line. */
export class TreeNames {
  readonly #oidLength: number;
  #rest: Buffer = Buffer.alloc(0);

  /** `oidLength` is 20 for SHA-1, 32 for SHA-256. */
  constructor(oidLength: number) {
    this.#oidLength = oidLength;
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
      names.push(input.subarray(space + 1, nul), newline);
      at = end;
    }
    this.#rest = input.subarray(at);
    if (this.#rest.length > (isLast ? 0 : MAX_ENTRY)) {
      throw new GitGateServerError('scanner_unavailable', 'a tree of the push cannot be read');
    }
    return Buffer.concat(names);
  }
}

const newline = Buffer.from('\n');
