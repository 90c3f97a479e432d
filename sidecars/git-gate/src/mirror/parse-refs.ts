/** What an upstream has, as `git ls-remote --symref` tells it. */
export interface UpstreamState {
  /** branches and tags by full name */
  readonly refs: ReadonlyMap<string, string>;
  /** full name of the default branch; null when HEAD is detached or no branch, or the upstream does not tell */
  readonly head: string | null;
  /** branches and tags that are another name of a ref, with that ref; a server of protocol v0 tells none */
  readonly symbolic: ReadonlyMap<string, string>;
}

export interface ListedRefs extends UpstreamState {
  /** whether there is a HEAD with a commit: an unborn one is not listed */
  readonly hasHead: boolean;
}

const refLine = /^([0-9a-f]{40}|[0-9a-f]{64})[\t ](.+)$/;
const symbolicLine = /^ref: (refs\/.+)\t(HEAD|refs\/(?:heads|tags)\/.+)$/;

/**
 * Reads lines of `ls-remote` or `for-each-ref`. Its patterns match the end of names, so that the upstream can send
 * others (`refs/x/refs/heads/y`); and `^{}` lines, which are no refs.
 */
export function parseRefs(text: string): ListedRefs {
  const refs = new Map<string, string>();
  const symbolic = new Map<string, string>();
  let hasHead = false;
  let head: string | null = null;
  for (const line of text.split('\n')) {
    const [, target, name] = symbolicLine.exec(line) ?? [];
    if (target !== undefined && name !== undefined) {
      if (name === 'HEAD') head ??= target;
      else symbolic.set(name, target);
    }
    const [, oid, ref] = refLine.exec(line) ?? [];
    if (oid === undefined || ref === undefined || ref.endsWith('^{}')) continue;
    if (ref === 'HEAD') hasHead = true;
    if (ref.startsWith('refs/heads/') || ref.startsWith('refs/tags/')) refs.set(ref, oid);
  }
  const isBranch = head?.startsWith('refs/heads/') === true && refs.has(head);
  return { refs, head: isBranch ? head : null, symbolic, hasHead };
}

/** Whether both hold the same names with the same objects. */
export function sameRefs(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([ref, oid]) => b.get(ref) === oid);
}
