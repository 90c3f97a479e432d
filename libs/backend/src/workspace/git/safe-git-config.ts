import { type GitVariable, renderGitConfig } from '@bot-bottle/git-gate';
import { parseGitConfig } from './git-config.ts';
import { safeRemoteUrl } from './remote-url.ts';

/**
 * What of a repository's configuration enters a bottle; everything else (credential helpers, headers with tokens, URL
 * rewrites, hooks paths, filters, includes) stays out. `bare` and `worktree` are left out because the copy is always an
 * ordinary repository.
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  core: [
    'repositoryformatversion',
    'filemode',
    'ignorecase',
    'precomposeunicode',
    'symlinks',
    'autocrlf',
    'eol',
    'logallrefupdates',
    'sparsecheckout',
    'sparsecheckoutcone',
  ],
  extensions: ['objectformat', 'compatobjectformat', 'refstorage', 'partialclone', 'noop'],
  index: ['sparse'],
  remote: ['url', 'pushurl', 'fetch', 'tagopt', 'promisor', 'partialclonefilter'],
  branch: ['remote', 'merge', 'rebase'],
  submodule: ['url', 'active'],
};
const withSubsection = new Set(['remote', 'branch', 'submodule']);

/** The configuration written anew from the allow-list. */
export function safeGitConfig(...texts: readonly string[]): string {
  const kept: GitVariable[] = [];
  for (const variable of texts.flatMap((text) => parseGitConfig(text))) {
    if (allowed[variable.section]?.includes(variable.key) !== true) continue;
    if (withSubsection.has(variable.section) !== (variable.subsection !== null)) continue;
    const safe = safeVariable(variable);
    if (safe !== null) kept.push(safe);
  }
  return renderGitConfig([...kept, { section: 'core', subsection: null, key: 'bare', value: 'false' }]);
}

function safeVariable(variable: GitVariable): GitVariable | null {
  // A remote or branch may be named by a URL with a password in it.
  if (variable.section !== 'submodule' && /[:@]/.test(variable.subsection ?? '')) return null;
  if (variable.key === 'url' || variable.key === 'pushurl') {
    const url = safeRemoteUrl(variable.value ?? '');
    return url === null ? null : { ...variable, value: url };
  }
  if (variable.key === 'remote' || variable.key === 'partialclone') {
    return /^[\w./-]+$/.test(variable.value ?? '') ? variable : null;
  }
  return variable;
}
