import { existsSync, lstatSync, realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { BackendError } from '@bot-bottle/backend';
import { guestHome, programsDir } from '../guest-layout.ts';
import { exposure, isWithin } from './forbidden-folders.ts';
import { installFolders } from './install-folders.ts';
import { nodeInstall } from './node-install.ts';
import { cachedCopy } from './program-cache.ts';
import { readableByOthers } from './readable-by-others.ts';

export interface ExposedPrograms {
  readonly binds: ReadonlyArray<{ readonly source: string; readonly target: string }>;
  readonly links: ReadonlyArray<{ readonly path: string; readonly target: string }>;
}

export interface ExposeOptions {
  readonly programs: readonly string[];
  readonly programDirs: readonly string[];
  readonly forbidden: readonly string[];
  readonly cache: string;
  /** whether the bottle runs as another host user, who must be able to read everything by himself */
  readonly otherUser: boolean;
}

const system = ['/usr', '/bin', '/sbin', '/lib', '/lib64', '/nix/store', '/gnu/store'];
// shown by other means or private: a program there is shown under another path
const reserved = [guestHome, '/proc', '/dev', '/etc', '/run', '/sys'];

/**
 * Decides how the operator's programs, and the Node that runs this, appear in a bottle: each at its own path, with a
 * link by its name in a folder for PATH.
 *
 * @throws BackendError `program_not_found`, `launch_failed` when a folder must not be shown
 */
export async function exposePrograms(options: ExposeOptions): Promise<ExposedPrograms> {
  const binds = new Map<string, string>();
  const links = new Map<string, string>();
  const node = nodeInstall(realpathSync(process.execPath), options.forbidden);
  await expose(node.path, options, binds);
  for (const program of [...options.programs, ...node.commands]) {
    const real = resolveProgram(program);
    if (!node.commands.includes(program))
      for (const folder of installFolders(real)) await expose(folder, options, binds);
    const target = reserved.some((other) => isWithin(real, other)) ? movedTarget(real, binds) : real;
    const name = `${programsDir}/${basename(program)}`;
    if (!links.has(name)) links.set(name, target);
    // the path the operator knows it by
    const visible = [...system, ...reserved, ...binds.keys()].some((other) => isWithin(program, other));
    if (!visible && program !== target) links.set(program, target);
  }
  for (const folder of options.programDirs) {
    const real = resolveProgram(folder);
    if (exposure(real, options.forbidden) === 'refuse')
      throw new BackendError(
        'launch_failed',
        `${folder} must not be shown to a bottle: it is or holds a private folder`,
        {
          hint: 'name a smaller folder under bubblewrap.programs in settings.yml',
        },
      );
    await expose(real, options, binds);
  }
  const sorted = [...binds].toSorted(([a], [b]) => a.length - b.length);
  return {
    binds: sorted.map(([target, source]) => ({ source, target })),
    links: [...links].map(([path, target]) => ({ path, target })),
  };
}

async function expose(path: string, options: ExposeOptions, binds: Map<string, string>): Promise<void> {
  if (system.some((folder) => isWithin(path, folder))) return;
  const target = reserved.some((other) => isWithin(path, other)) ? `${programsDir}-files${path}` : path;
  if (binds.has(target)) return;
  const isFolder = lstatSync(path).isDirectory();
  const verdict = exposure(isFolder ? path : dirname(path), options.forbidden);
  if (isFolder && verdict === 'refuse')
    throw new BackendError(
      'launch_failed',
      `${path} must not be shown to a bottle: it is or holds a private folder`,
    );
  const copy = verdict !== 'bind' || (options.otherUser && !readableByOthers(path));
  binds.set(target, copy ? await cachedCopy(path, { folder: options.cache, mode: 0o755 }) : path);
}

function movedTarget(real: string, binds: ReadonlyMap<string, string>): string {
  const moved = `${programsDir}-files${real}`;
  return [...binds.keys()].some((target) => isWithin(moved, target)) ? moved : real;
}

function resolveProgram(path: string): string {
  if (!path.startsWith('/') || !existsSync(path))
    throw new BackendError('program_not_found', `${path} does not exist`, { data: { path } });
  return realpathSync(path);
}
