/** What an upstream has, as `git ls-remote --symref` tells it. */
export interface UpstreamState {
  /** branches and tags by full name */
  readonly refs: ReadonlyMap<string, string>;
  /** full name of the default branch; null when HEAD is detached, unborn or no branch */
  readonly head: string | null;
}

const refLine = /^([0-9a-f]{40}|[0-9a-f]{64})[\t ](.+)$/;
const headLine = /^ref: (refs\/heads\/.+)\tHEAD$/;

/**
 * Reads lines of `ls-remote` or `for-each-ref`. Its patterns match the end of names, so that the upstream can send
 * others (`refs/x/refs/heads/y`); and `^{}` lines, which are no refs.
 */
export function parseRefs(text: string): UpstreamState {
  const refs = new Map<string, string>();
  let head: string | null = null;
  for (const line of text.split('\n')) {
    head ??= headLine.exec(line)?.[1] ?? null;
    const [, oid, ref] = refLine.exec(line) ?? [];
    if (oid === undefined || ref === undefined || ref.endsWith('^{}')) continue;
    if (ref.startsWith('refs/heads/') || ref.startsWith('refs/tags/')) refs.set(ref, oid);
  }
  return { refs, head: head !== null && refs.has(head) ? head : null };
}

/** Whether both hold the same names with the same objects. */
export function sameRefs(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([ref, oid]) => b.get(ref) === oid);
}
