import { safeRemoteUrl } from '../../../workspace/git/remote-url.ts';

/** What a variable may hold without anything being run, sent elsewhere or read from elsewhere. */
export type HarmlessValue = 'any' | 'boolean' | 'word' | 'url';

/**
 * Variables of a repository that are harmless, by section and key; of all others somebody must judge. An allow-list,
 * because git learns new ones that name programs with every version.
 */
export const harmlessGitVariables: Readonly<Record<string, Readonly<Record<string, HarmlessValue>>>> = {
  core: {
    repositoryformatversion: 'word',
    filemode: 'boolean',
    bare: 'boolean',
    ignorecase: 'boolean',
    precomposeunicode: 'boolean',
    symlinks: 'boolean',
    autocrlf: 'word',
    safecrlf: 'word',
    eol: 'word',
    logallrefupdates: 'word',
    sparsecheckout: 'boolean',
    sparsecheckoutcone: 'boolean',
    fsmonitor: 'boolean',
    untrackedcache: 'word',
    quotepath: 'boolean',
    abbrev: 'word',
    compression: 'word',
    commentchar: 'any',
    whitespace: 'any',
    preloadindex: 'boolean',
    longpaths: 'boolean',
    protecthfs: 'boolean',
    protectntfs: 'boolean',
    checkstat: 'word',
    trustctime: 'boolean',
    commitgraph: 'boolean',
    multipackindex: 'boolean',
  },
  extensions: {
    objectformat: 'word',
    compatobjectformat: 'word',
    refstorage: 'word',
    partialclone: 'word',
    noop: 'any',
  },
  index: { sparse: 'boolean', version: 'word', threads: 'word', skiphash: 'boolean' },
  remote: {
    url: 'url',
    pushurl: 'url',
    fetch: 'any',
    push: 'any',
    tagopt: 'any',
    promisor: 'boolean',
    partialclonefilter: 'any',
    mirror: 'boolean',
    prune: 'boolean',
    prunetags: 'boolean',
    'gh-resolved': 'any',
  },
  branch: {
    remote: 'word',
    pushremote: 'word',
    merge: 'any',
    rebase: 'word',
    description: 'any',
    autosetupmerge: 'word',
    autosetuprebase: 'word',
    sort: 'any',
    'gh-merge-base': 'any',
    'vscode-merge-base': 'any',
  },
  submodule: { url: 'url', active: 'any', branch: 'any', recurse: 'boolean' },
  user: { name: 'any', email: 'any', signingkey: 'any', useconfigonly: 'boolean' },
  author: { name: 'any', email: 'any' },
  committer: { name: 'any', email: 'any' },
  commit: { gpgsign: 'boolean', verbose: 'word', status: 'boolean', cleanup: 'word' },
  tag: { gpgsign: 'boolean', sort: 'any' },
  push: { default: 'word', autosetupremote: 'boolean', followtags: 'boolean' },
  pull: { rebase: 'word', ff: 'word' },
  fetch: { prune: 'boolean', prunetags: 'boolean', parallel: 'word', writecommitgraph: 'boolean' },
  merge: { ff: 'word', conflictstyle: 'word', renames: 'word', stat: 'word' },
  rebase: { autosquash: 'boolean', autostash: 'boolean', updaterefs: 'boolean', stat: 'boolean' },
  rerere: { enabled: 'boolean', autoupdate: 'boolean' },
  init: { defaultbranch: 'any' },
  gc: { auto: 'word', autodetach: 'boolean', pruneexpire: 'any' },
  maintenance: { auto: 'boolean', strategy: 'word' },
  status: { short: 'boolean', branch: 'boolean', showuntrackedfiles: 'word' },
  advice: {},
  color: {},
  log: { date: 'any', decorate: 'word', follow: 'boolean' },
  diff: { algorithm: 'word', renames: 'word', colormoved: 'word', mnemonicprefix: 'boolean' },
  help: { autocorrect: 'word' },
  lfs: { repositoryformatversion: 'word' },
};

/** Sections in which every key is harmless with a word for a value. */
export const harmlessSections: ReadonlySet<string> = new Set(['advice', 'color']);

/** Whether `value` is of the harmless kind. */
export function isHarmless(kind: HarmlessValue, value: string | null): boolean {
  switch (kind) {
    case 'any':
      return true;
    case 'boolean':
      return value === null || /^(?:true|false|yes|no|on|off|0|1|)$/i.test(value);
    case 'word':
      return value === null || /^[\w.][\w./ -]*$/.test(value);
    case 'url':
      return value !== null && safeRemoteUrl(value) !== null;
  }
}
