import { GitGateServerError } from '../errors.ts';

/** Longest entry of a tree; git itself refuses names of this length long before. */
const MAX_ENTRY = 1024 * 1024;

/** Paths that are remembered; beyond them some are given again. */
const MAX_SEEN = 500_000;

/**
 * Bytes of the folder's path that stand before each name: enough for any value, and a deep folder with many short names
 * does not become many times its size.
 */
const MAX_FOLDER = 512;

export interface TreeNamesOptions {
  /** 20 for SHA-1, 32 for SHA-256 */
  readonly oidLength: number;
  /** path of the tree, `.` at the root */
  readonly path: string | null;
  /** what is in it is left out, the rest added: every commit brings a new tree of a folder with all its old names */
  readonly seen: Set<string> | null;
}

/**
 * Turns the bytes of a tree (`mode SP name NUL oid`, again and again) into its paths, one a line: a value with slashes
 * becomes several names. Commits of submodules follow them: nothing else tells what stands there, as git stores them
 * without having them.
 */
export class TreeNames {
  readonly #oidLength: number;
  readonly #folder: Buffer;
  readonly #seen: Set<string> | null;
  #rest: Buffer = Buffer.alloc(0);

  constructor({ oidLength, path, seen }: TreeNamesOptions) {
    this.#oidLength = oidLength;
    this.#folder = Buffer.from(path === null || path === '.' ? '' : `${path}/`).subarray(-MAX_FOLDER);
    this.#seen = seen;
  }

  /** @throws GitGateServerError `scanner_unavailable` when the bytes are no tree */
  push(bytes: Buffer, isLast: boolean): Buffer {
    const input = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const paths: Buffer[] = [];
    const commits: string[] = [];
    let at = 0;
    while (at < input.length) {
      const space = input.indexOf(0x20, at);
      const nul = space < 0 ? -1 : input.indexOf(0, space);
      const end = nul + 1 + this.#oidLength;
      if (nul < 0 || end > input.length) break;
      const name = input.subarray(space + 1, nul);
      if (this.#isNew(name.toString('latin1'))) paths.push(this.#folder, name, newline);
      if (input.subarray(at, space).equals(submodule)) {
        const commit = input.toString('hex', nul + 1, end);
        if (this.#isNew(`\0${commit}`)) commits.push(`${commit}\n`);
      }
      at = end;
    }
    this.#rest = input.subarray(at);
    if (this.#rest.length > (isLast ? 0 : MAX_ENTRY)) {
      throw new GitGateServerError('scanner_unavailable', 'a tree of the push cannot be read');
    }
    return Buffer.concat([...paths, Buffer.from(commits.join(''))]);
  }

  #isNew(name: string): boolean {
    if (this.#seen === null) return true;
    const key = `${this.#folder.toString('latin1')}${name}`;
    if (this.#seen.has(key)) return false;
    if (this.#seen.size < MAX_SEEN) this.#seen.add(key);
    return true;
  }
}

const newline = Buffer.from('\n');
const submodule = Buffer.from('160000');
