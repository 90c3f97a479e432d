import { PipelockError } from './errors.ts';

/** Oldest version whose schema has every key that we write. */
export const oldestVersion = '2.3.0';

/** What to tell somebody who asks for pipelock and has none. */
export const installHint =
  'install pipelock (brew install luckyPipewrench/tap/pipelock, or a binary of github.com/luckyPipewrench/pipelock/releases), ' +
  'put it on the PATH or name it in BOT_BOTTLE_PIPELOCK, or use `guard: builtin`';

/** The program to look for: what BOT_BOTTLE_PIPELOCK names, else `pipelock` on the PATH. */
export function pipelockProgram(env: Readonly<Record<string, string | undefined>>): string {
  const named = env['BOT_BOTTLE_PIPELOCK'] ?? '';
  return named === '' ? 'pipelock' : named;
}

/** The version in what `pipelock version` prints, null when there is none. */
export function readVersion(printed: string): string | null {
  return /^pipelock version v?(\d+\.\d+\.\d+)(?:[-+ ][^\n]*)?$/m.exec(printed)?.[1] ?? null;
}

/**
 * The version that a program prints.
 *
 * @throws PipelockError `unsupported_version`: older than `oldestVersion`, or not to be told
 */
export function checkVersion(printed: string): string {
  const version = readVersion(printed);
  if (version === null)
    throw new PipelockError(
      'unsupported_version',
      'the program does not say which version of pipelock it is',
    );
  if (isOlder(version, oldestVersion))
    throw new PipelockError(
      'unsupported_version',
      `pipelock ${version} is too old: at least ${oldestVersion} is needed`,
    );
  return version;
}

function isOlder(version: string, than: string): boolean {
  const [mine, other] = [version, than].map((text) => text.split('.').map(Number));
  const index = [0, 1, 2].find((each) => mine?.[each] !== other?.[each]);
  return index !== undefined && (mine?.[index] ?? 0) < (other?.[index] ?? 0);
}
