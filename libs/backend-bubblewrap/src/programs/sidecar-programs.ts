import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import { BackendError, sidecarProgram } from '@bot-bottle/backend';
import { isWithin } from './forbidden-folders.ts';

const run = promisify(execFile);

export interface Bind {
  readonly source: string;
  readonly target: string;
}

// where programs have their own path compiled in: git the shell's and its own
const system = ['/usr', '/bin', '/sbin', '/nix/store', '/gnu/store'];
// shown to every sidecar
const libraries = [
  '/usr/lib',
  '/usr/lib32',
  '/usr/lib64',
  '/lib',
  '/lib32',
  '/lib64',
  '/nix/store',
  '/gnu/store',
];

/**
 * How executables of the host appear to a sidecar: by their name in a folder of ours, those of the system also at their
 * own path, and with git the folder of its commands.
 *
 * @param programs absolute paths
 * @param readable path of a copy that the sidecar's user can read, or the path itself when he can
 * @throws BackendError `program_not_found`
 */
export async function sidecarPrograms(
  programs: readonly string[],
  readable: (path: string) => Promise<string>,
): Promise<readonly Bind[]> {
  const binds = new Map<string, string>();
  for (const program of programs) {
    if (!program.startsWith('/') || !existsSync(program))
      throw new BackendError('program_not_found', `${program} does not exist`, { data: { path: program } });
    const real = realpathSync(program);
    const source = await readable(real);
    binds.set(sidecarProgram(program), source);
    for (const path of [program, real])
      if (system.some((folder) => isWithin(path, folder))) binds.set(path, source);
    if (basename(program) === 'git') {
      const folder = await commandFolder(program);
      if (folder !== null) binds.set(folder, await readable(realpathSync(folder)));
    }
  }
  return [...binds]
    .filter(([target]) => !libraries.some((folder) => isWithin(target, folder)))
    .map(([target, source]) => ({ source, target }));
}

/** Where git has its commands (git(1), `--exec-path`); null when they are in its own folder. */
async function commandFolder(git: string): Promise<string | null> {
  const { stdout } = await run(git, ['--exec-path'], { env: {}, cwd: '/', timeout: 10_000 }).catch(
    (cause: unknown) => {
      throw new BackendError('program_not_found', `${git} does not run`, { cause, data: { path: git } });
    },
  );
  const folder = stdout.trim();
  return folder.startsWith('/') && existsSync(folder) && folder !== dirname(git) ? folder : null;
}
