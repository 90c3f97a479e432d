import { type Finding, finding } from './finding.ts';

export const repoNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** What is wrong with a repository's local name: it becomes a folder name and part of a URL. */
export function checkRepoName(name: string): Finding | null {
  if (name.length > 100 || !repoNamePattern.test(name)) {
    return finding(
      'a repository name starts with a letter or digit and holds only letters, digits, `.`, `_` and `-`',
      'at most 100 characters',
      'invalid_name',
    );
  }
  if (name.includes('..')) return finding('a repository name must not hold `..`', null, 'invalid_name');
  if (/\.(?:git|lock)$/i.test(name)) {
    return finding(
      'a repository name must not end in `.git` or `.lock`',
      'leave the ending off',
      'invalid_name',
    );
  }
  return null;
}
