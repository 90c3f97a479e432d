import { defaultProtectedPaths } from './default-protected-paths.ts';
import { compileGlob } from './compile-glob.ts';

/** What HFS+ ignores in names (git's utf8.c, `next_hfs_char`): `.g<U+200C>it` is `.git` there. */
const ignoredByHfs = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

/** Names that a case-insensitive or normalising file system takes for one file become the same text. */
const fold = (text: string): string =>
  text.normalize('NFC').replaceAll(ignoredByHfs, '').toUpperCase().toLowerCase();

/**
 * Whether a changed path is protected; null: the built-in list, `[]`: none. Case does not count. A file where a glob
 * names a folder fits too: a symbolic link or submodule at `.github` decides what `.github/workflows` is.
 *
 * @param globs see `compileGlob`
 * @returns takes a path as git writes it, relative to the top, of a file, link or submodule
 */
export function pathMatcher(globs: readonly string[] | null): (path: string) => boolean {
  const compiled = (globs ?? defaultProtectedPaths).map((glob) => compileGlob(fold(glob)));
  const folders = new Set(
    compiled.flatMap((glob) => glob.folders.map((_, index) => glob.folders.slice(0, index + 1).join('/'))),
  );
  const byFirst = Map.groupBy(compiled, ({ first }) => first);
  return (path) => {
    const folded = fold(path);
    if (folders.has(folded)) return true;
    const segments = folded.split('/');
    return [segments[0] ?? '', null].some((first) =>
      byFirst.get(first)?.some((glob) => glob.matches(segments)),
    );
  };
}
