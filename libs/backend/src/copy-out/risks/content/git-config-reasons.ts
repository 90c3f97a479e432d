import type { GitVariable } from '@bot-bottle/git-gate';
import { gitConfigVariables } from './git-config-variables.ts';
import { harmlessGitVariables, harmlessSections, isHarmless } from './git-config-rules.ts';

/** Variables of a repository's configuration that can make git run something, or go elsewhere. */
export function gitConfigReasons(text: string): string[] {
  const variables = gitConfigVariables(text);
  if (variables === null) return ['is git configuration that git may not be able to read'];
  const reasons = variables
    .filter((variable) => !isKnownHarmless(variable))
    .map((variable) => `sets ${nameOf(variable)} = ${variable.value ?? ''}`);
  return [...new Set(reasons)];
}

const shared = new Set(['remote', 'branch', 'submodule']);

function isKnownHarmless({ section, subsection, key, value }: GitVariable): boolean {
  if (harmlessSections.has(section)) return isHarmless('word', value);
  const keys = harmlessGitVariables[section];
  const kind = keys !== undefined && Object.hasOwn(keys, key) ? keys[key] : undefined;
  if (kind === undefined) return false;
  // A driver or another host's settings: only of a remote, a branch or a submodule can there be several.
  if (subsection !== null && !shared.has(section)) return false;
  return isHarmless(kind, value);
}

const nameOf = ({ section, subsection, key }: GitVariable): string =>
  [section, ...(subsection === null ? [] : [subsection]), key].join('.');
