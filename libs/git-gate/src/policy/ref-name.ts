export interface RefName {
  readonly kind: 'branch' | 'tag' | 'other';
  /** without `refs/heads/` or `refs/tags/` */
  readonly short: string;
}

/** Splits the full name of a ref. */
export function refName(ref: string): RefName {
  if (ref.startsWith('refs/heads/')) return { kind: 'branch', short: ref.slice('refs/heads/'.length) };
  if (ref.startsWith('refs/tags/')) return { kind: 'tag', short: ref.slice('refs/tags/'.length) };
  return { kind: 'other', short: ref };
}

/** What git-check-ref-format(1) refuses in the full name of a ref, and all of Unicode's controls. */
const malformed = /[\p{Cc} ~^:?*[\\]|\.\.|@\{|\/\/|(?:^|\/)\.|\.lock(?:\/|$)|\/$|\.$|^\/|^[^/]*$/u;

/**
 * Whether a full ref name is one that may be pushed: well-formed (git-check-ref-format(1)), not taken for an option or
 * for `HEAD` by who uses its short name (the `--branch` rules there), and UTF-8, because a name that was decoded with
 * losses is not the name that would be written.
 */
export function isPushableName(ref: string): boolean {
  const { kind, short } = refName(ref);
  return !malformed.test(ref) && !/^-|\uFFFD/.test(short) && !(kind === 'branch' && short === 'HEAD');
}
