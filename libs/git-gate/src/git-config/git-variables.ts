import type { GateRepo } from '../config.ts';
import { GitGateError } from '../errors.ts';
import type { GitVariable } from './render-git-config.ts';
import { urlForms } from './url-forms.ts';

/** Where the bottle finds the gate, on every backend. */
export const gateOrigin = 'http://git-gate:9420';

/** URL of a repository at the gate. */
export const gateUrl = (name: string): string => `${gateOrigin}/${name}.git`;

/**
 * Variables of the guest's `~/.gitconfig`: every spelling of a declared URL leads to the gate, then the identity; nothing
 * else. git takes the longest prefix that fits (git-config(1), `url.<base>.insteadOf`), so a spelling must be there in
 * full for each repository, and each belongs to one only: to who declares it, else to the first by order. A URL that only
 * begins like a declared one ends at the gate as well, which knows no repository of such a name.
 *
 * @param repos in the order of their precedence
 * @throws GitGateError `invalid_value` for a line break or NUL, which a configuration file cannot hold
 */
export function gitVariables(
  repos: ReadonlyArray<Pick<GateRepo, 'name' | 'url' | 'user' | 'host' | 'port' | 'path'>>,
  user: { readonly name: string | null; readonly email: string | null },
): GitVariable[] {
  const forms = repos.map((repo) => ({ name: repo.name, ...urlForms(repo) }));
  const owner = new Map<string, string>();
  const claim = (form: string, name: string): unknown => owner.has(form) || owner.set(form, name);
  for (const { name, exact } of forms) for (const form of exact) claim(form, name);
  for (const { name, alias } of forms) for (const form of alias) claim(form, name);
  const rewrites = forms.flatMap(({ name, exact, alias }) =>
    [...exact, ...alias]
      .filter((form) => owner.get(form) === name)
      .map((form) => variable('url', gateUrl(name), 'insteadOf', form)),
  );
  const identity = (['name', 'email'] as const).flatMap((key) => {
    const value = user[key];
    return value === null ? [] : [variable('user', null, key, value)];
  });
  return [...rewrites, ...identity];
}

function variable(section: string, subsection: string | null, key: string, value: string): GitVariable {
  if (/[\n\r\0]/.test(`${subsection ?? ''}${value}`)) {
    throw new GitGateError(
      'invalid_value',
      `${section}.${key} must not hold a line break or NUL; correct \`git-gate\` in the manifest`,
    );
  }
  return { section, subsection, key, value };
}
