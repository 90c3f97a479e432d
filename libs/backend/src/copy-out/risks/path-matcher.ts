import type { PathRule } from './path-rule.ts';

export interface PathMatcher {
  readonly rule: PathRule;
  /** @param path as `normalPath` returns it */
  readonly matches: (path: string) => boolean;
  /** Whether a link at this path would stand for a folder that the rule is about. */
  readonly matchesFolder: (path: string) => boolean;
}

/** Compiles the names of a rule. */
export function pathMatcher(rule: PathRule): PathMatcher {
  const wanted = union(rule.paths);
  const harmless = rule.except === undefined ? null : union(rule.except);
  const folders = rule.paths.flatMap((path) => foldersOf(path));
  const folder = folders.length === 0 ? null : union(folders);
  return {
    rule,
    matches: (path) => wanted.test(path) && harmless?.test(path) !== true,
    matchesFolder: (path) => folder?.test(path) === true,
  };
}

function union(patterns: readonly string[]): RegExp {
  return new RegExp(`(?:^|/)(?:${patterns.map((pattern) => source(pattern)).join('|')})$`, 's');
}

function source(pattern: string): string {
  const names = pattern.split('/');
  return names.reduce((text, name, index) => {
    const isLast = index === names.length - 1;
    if (name === '**') return isLast ? `${text}.+` : `${text}(?:.+/)?`;
    return `${text}${escaped(name)}${isLast ? '' : '/'}`;
  }, '');
}

const escaped = (name: string): string =>
  name.replaceAll(/[\\^$.+?()[\]{}|]/g, '\\$&').replaceAll('*', '[^/]*');

/** Folders that a pattern names: every hidden one, and the one that `**` at its end is about. */
function foldersOf(pattern: string): string[] {
  const names = pattern.split('/');
  const fixed = names.slice(0, names.indexOf('**') < 0 ? -1 : names.indexOf('**'));
  return fixed
    .map((_, index) => fixed.slice(0, index + 1).join('/'))
    .filter((folder) => folder.startsWith('.') || folder === pattern.replace(/\/\*\*$/, ''));
}
