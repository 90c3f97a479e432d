import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { botBottleHome, enumerateActive, runtimeDir, StateStore } from '@bot-bottle/backend';
import { CliError } from '../cli-error.ts';
import type { Io } from '../io.ts';

export interface BottleLogs {
  readonly identity: string;
  readonly dir: string;
  /** names of what wrote one, sorted */
  readonly names: readonly string[];
}

/**
 * The logs of a running or kept bottle: of the one with that identity, or the only one whose identity or label begins so.
 *
 * @throws CliError `not_found`
 */
export async function findLogs(io: Io, slug: string): Promise<BottleLogs> {
  const home = botBottleHome(io.env);
  const store = new StateStore(home);
  const { bottles } = await enumerateActive({ runtimeDir: runtimeDir(io.env), home });
  const known = new Map<string, string | null>(
    (await store.list()).map(({ identity, metadata }) => [identity, metadata?.label ?? null]),
  );
  for (const { identity, label } of bottles) known.set(identity, label);
  const isMatch = ([identity, label]: readonly [string, string | null]): boolean =>
    slug !== '' && (identity.startsWith(slug) || label === slug);
  const matches = known.has(slug) ? [slug] : [...known].filter(isMatch).map(([identity]) => identity);
  const [identity] = matches;
  if (matches.length > 1)
    throw new CliError('not_found', `${slug} fits several bottles: ${matches.join(', ')}`);
  if (identity === undefined) {
    throw new CliError('not_found', `there is no running or kept bottle ${slug}`, {
      hint: 'logs go with the state when a bottle ends, unless it was started with --keep; audit logs stay',
    });
  }
  const dir = join(store.dir(identity), 'logs');
  return { identity, dir, names: await logNames(dir) };
}

/** Names of what wrote a log, sorted. */
export async function logNames(dir: string): Promise<string[]> {
  const files: string[] = await readdir(dir).catch(() => []);
  const names = files.flatMap((file) => /^([a-z][a-z0-9-]*)\.log(?:\.1)?$/.exec(file)?.[1] ?? []);
  return [...new Set(names)].toSorted();
}
