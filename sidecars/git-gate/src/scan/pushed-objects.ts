import { GitGateServerError } from '../errors.ts';
import type { ScanRequest } from '../contracts.ts';
import { readBatch } from './batch-reader.ts';
import { gitEnv, type GitAccess, type Piece, type ScannedObject } from './scanned-object.ts';
import { TreeNames } from './tree-names.ts';

/** What a push was found to bring, for the comparison of what was listed with what was read. */
export interface Tally {
  listed: number;
  objects: number;
  bytes: number;
  /** oids as bytes in latin1: half the memory of hex */
  readonly reached: Set<string>;
}

const oidPattern = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

interface Listed {
  readonly oid: string;
  readonly path: string | null;
}

/**
 * Every object that the tips reach and no ref of the mirror does: commits and tags as they are, trees as their paths,
 * blobs. Large ones come in pieces. Ends only when as many objects and bytes came as git announced.
 *
 * @throws GitGateServerError `scanner_unavailable` when not, `git_failed` when git fails
 */
export async function* pushedObjects(
  access: GitAccess,
  tips: ScanRequest['tips'],
  tally: Tally,
): AsyncGenerator<Piece> {
  const waiting = new Waiting();
  const seenNames = new Set<string>();
  let failure: unknown = null;
  const oids = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for await (const group of listObjects(access, tips)) {
        waiting.add(group);
        tally.listed += group.length;
        yield Buffer.from(group.map(({ oid }) => `${oid}\n`).join(''));
      }
    } catch (error) {
      // cat-file would only see the end of its input
      failure = error;
    }
  };
  const output = access.git.stream({
    args: ['cat-file', '--batch', '--buffer'],
    view: access.view,
    input: oids(),
    env: gitEnv,
    timeoutMs: access.timeoutMs,
    signal: access.signal,
  });
  let open: { object: ScannedObject; names: TreeNames | null; left: number } | null = null;
  for await (const piece of readBatch(output)) {
    if (open === null) {
      const listed = waiting.next();
      if (listed?.oid !== piece.oid) throw mismatch();
      tally.objects++;
      tally.bytes += piece.size;
      tally.reached.add(Buffer.from(piece.oid, 'hex').toString('latin1'));
      const path = pathOf(piece.type, listed);
      open = {
        object: { type: piece.type, oid: piece.oid, path },
        names:
          piece.type === 'tree'
            ? new TreeNames({ oidLength: piece.oid.length / 2, path, seen: seenNames })
            : null,
        left: piece.size,
      };
    }
    open.left -= piece.bytes.length;
    if (open.left < 0 || piece.isLast !== (open.left === 0)) throw mismatch();
    const bytes = open.names === null ? piece.bytes : open.names.push(piece.bytes, piece.isLast);
    yield { object: open.object, bytes, isLast: piece.isLast };
    if (piece.isLast) open = null;
  }
  if (failure !== null) throw failure;
  if (open !== null || tally.objects !== tally.listed) throw mismatch();
}

function pathOf(type: ScannedObject['type'], listed: Listed): string | null {
  // what a ref or a tag names directly has no path
  const path = listed.path === '' || listed.path === listed.oid ? null : listed.path;
  if (type === 'tree') return path ?? '.';
  return type === 'blob' ? path : null;
}

/** First in, first out. */
class Waiting {
  #groups: Listed[][] = [];
  #at = 0;

  add(group: Listed[]): void {
    this.#groups.push(group);
  }

  next(): Listed | undefined {
    const [first] = this.#groups;
    const listed = first?.[this.#at++];
    if (first !== undefined && this.#at >= first.length) {
      this.#groups.shift();
      this.#at = 0;
    }
    return listed;
  }
}

function mismatch(): GitGateServerError {
  return new GitGateServerError('scanner_unavailable', 'git listed other objects than it read');
}

/** The revisions of a push for the standard input of git's programs. */
export function tipLines(tips: ScanRequest['tips']): string {
  return tips
    .map(({ oid }) => {
      if (!oidPattern.test(oid)) throw new GitGateServerError('git_failed', 'not an object name');
      return `${oid}\n`;
    })
    .join('');
}

async function* listObjects(access: GitAccess, tips: ScanRequest['tips']): AsyncGenerator<Listed[]> {
  let rest = Buffer.alloc(0);
  const output = access.git.stream({
    args: ['rev-list', '--objects', '--stdin', '--not', '--all'],
    view: access.view,
    input: tipLines(tips),
    env: gitEnv,
    timeoutMs: access.timeoutMs,
    signal: access.signal,
  });
  for await (const chunk of output) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = bytes.lastIndexOf(0x0a) + 1;
    rest = Buffer.from(bytes.subarray(end));
    if (end > 0)
      yield bytes
        .toString('utf8', 0, end - 1)
        .split('\n')
        .map(toListed);
  }
  if (rest.length > 0) throw mismatch();
}

function toListed(line: string): Listed {
  const space = line.indexOf(' ');
  const oid = space < 0 ? line : line.slice(0, space);
  if (!oidPattern.test(oid)) throw mismatch();
  return { oid, path: space < 0 ? null : line.slice(space + 1) };
}
