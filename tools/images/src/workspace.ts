import { join, resolve } from 'node:path';

/** Root of the repository. */
export const workspaceRoot = resolve(import.meta.dirname, '../../..');

/** What builds leave for the next one; not part of the repository. */
export const cacheFolder = join(workspaceRoot, '.cache', 'images');

/** Architecture of this machine, as Docker and Debian name it. */
export const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
