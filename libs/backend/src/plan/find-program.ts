import { access, constants, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { BackendError } from '../errors.ts';

/** Finds a program as the operator's shell would; null when there is none. */
export type PathLookup = (program: string) => Promise<string | null>;

/** Looks programs up in the folders of a PATH value; relative folders in it are passed over. */
export function pathLookup(path: string): PathLookup {
  return async (program) => {
    const candidates = isAbsolute(program)
      ? [program]
      : path
          .split(delimiter)
          .filter((folder) => isAbsolute(folder))
          .map((folder) => join(folder, program));
    for (const candidate of candidates) if (await isExecutable(candidate)) return candidate;
    return null;
  };
}

/**
 * Absolute path of a program of the host, by the name that the operator knows it by: links are left as they are.
 *
 * @throws BackendError `program_not_found`
 */
export async function findProgram(program: string, lookup: PathLookup): Promise<string> {
  const found = await lookup(program);
  if (found === null) {
    throw new BackendError('program_not_found', `${program} is not found on the PATH`, {
      hint: `install ${program}, or name another program in agent_provider`,
      data: { program },
    });
  }
  return found;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
