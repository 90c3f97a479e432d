import { matchSequence } from './match-sequence.ts';

export interface Glob {
  /** Whether a name, split at its slashes, fits. */
  matches(segments: readonly string[]): boolean;
  /** first segment of every name that fits, null when it varies */
  readonly first: string | null;
  /** leading segments without a wildcard, not the last one */
  readonly folders: readonly string[];
}

const isStar = (char: string): boolean => char === '*';
const fitsChar = (expected: string, char: string): boolean => expected === '?' || expected === char;
const isAny = (segment: Segment): boolean => segment === 'any';

type Segment = 'any' | ((text: string) => boolean);

/**
 * Compiles a glob: `*` stands for any text within a segment, `?` for one character, `**` as a whole segment for any
 * number of segments (also none, so `dir/**` covers `dir` itself, which may have become a symbolic link). A slash at the
 * start means nothing, one at the end means `/**`. Everything else stands for itself.
 */
export function compileGlob(text: string): Glob {
  const parts = text
    .replace(/^\/+/, '')
    .replace(/\/+$/, '/**')
    .split('/')
    .filter((part, index, all) => part !== '**' || all[index - 1] !== '**');
  const segments = parts.map((part): Segment => (part === '**' ? 'any' : segmentMatcher(part)));
  const firstWild = parts.findIndex((part) => /[*?]/.test(part));
  const literal = firstWild < 0 ? parts : parts.slice(0, firstWild);
  return {
    matches: (names) => matchSequence(segments, names, isAny, (one, name) => one !== 'any' && one(name)),
    first: literal[0] ?? null,
    folders: literal.length === parts.length ? literal.slice(0, -1) : literal,
  };
}

function segmentMatcher(part: string): (text: string) => boolean {
  const [start = '', ...others] = part.split(/[*?]/);
  const end = others.at(-1);
  if (end === undefined) return (text) => text === part;
  const pattern = Array.from(part);
  // most names fail at their ends, which is cheap to see
  return (text) =>
    text.startsWith(start) &&
    text.endsWith(end) &&
    matchSequence(pattern, Array.from(text), isStar, fitsChar);
}
