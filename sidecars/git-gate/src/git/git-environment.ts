import { dirname } from 'node:path';
import type { RepositoryView } from '../contracts.ts';
import { gitConfig } from './git-config.ts';

export interface GitOptions {
  /** absolute path of the program */
  readonly git: string;
  /** absolute path of an empty folder: HOME, TMPDIR and working directory */
  readonly home: string;
}

/**
 * The whole environment of a child: built from nothing, so that neither the operator's configuration nor a secret of
 * this process can reach it. The configuration goes by GIT_CONFIG_COUNT (git-config(1)), which a repository's own
 * file cannot override and `-c` can.
 */
export function gitEnvironment(
  options: GitOptions,
  view: RepositoryView | null,
  extra: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return { ...base(options), ...configured, ...ofView(view), ...extra };
}

const base = ({ git, home }: GitOptions): Record<string, string> => ({
  PATH: dirname(git),
  HOME: home,
  TMPDIR: home,
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: '/bin/false',
  SSH_ASKPASS_REQUIRE: 'never',
  GIT_ADVICE: '0',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_ALLOW_PROTOCOL: 'ssh',
  // a replace ref would show the scanner another object than the one that is forwarded
  GIT_NO_REPLACE_OBJECTS: '1',
  // no repository is ever looked for around the working directory
  GIT_CEILING_DIRECTORIES: dirname(home),
});

const configured: Readonly<Record<string, string>> = {
  GIT_CONFIG_COUNT: String(Object.keys(gitConfig).length),
  ...Object.fromEntries(
    Object.entries(gitConfig).flatMap(([key, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, key],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]),
  ),
};

function ofView(view: RepositoryView | null): Record<string, string> {
  if (view === null) return {};
  return {
    GIT_DIR: view.gitDir,
    ...(view.objects === null ? {} : { GIT_OBJECT_DIRECTORY: view.objects }),
    ...(view.alternates.length === 0
      ? {}
      : { GIT_ALTERNATE_OBJECT_DIRECTORIES: view.alternates.map(quotePath).join(':') }),
  };
}

/** git(1), GIT_ALTERNATE_OBJECT_DIRECTORIES: a path with a colon is written in quotes, as in C. */
function quotePath(path: string): string {
  if (!/[:"\\]/.test(path)) return path;
  return `"${path.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
