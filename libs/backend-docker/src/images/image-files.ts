import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { BackendError } from '@bot-bottle/backend';

export interface ContextFile {
  readonly path: string;
  readonly mode: number;
  readonly content: Uint8Array;
}

/** Where all images find files that several of them use. */
const common = 'common';

/**
 * What one of our images is built of: its folder and the common files. Null: there is no such image.
 *
 * @throws BackendError `backend_unavailable` when the package was not built
 */
export async function imageFiles(name: string): Promise<readonly ContextFile[] | null> {
  const folder = imagesFolder();
  if (!/^[a-z0-9-]+$/.test(name) || !existsSync(join(folder, name, 'Dockerfile'))) return null;
  return [...(await filesOf(join(folder, common))), ...(await filesOf(join(folder, name)))];
}

/** Names of all of our images that are built of one folder each. */
export async function imageNames(): Promise<readonly string[]> {
  const entries = await readdir(imagesFolder(), { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  return names.filter((name) => existsSync(join(imagesFolder(), name, 'Dockerfile'))).toSorted();
}

/** Path of the folder with a folder for each image: beside this file when built, else of the repository. */
function imagesFolder(): string {
  const here = import.meta.dirname;
  const places = [join(here, 'dockerfiles'), join(here, '../../../../images'), installed()];
  const found = places.find(
    (place) => place !== null && existsSync(join(place, 'sidecar-egress', 'Dockerfile')),
  );
  if (typeof found === 'string') return found;
  throw new BackendError('backend_unavailable', 'the files that images are built of are missing', {
    hint: 'install @bot-bottle/backend-docker again',
  });
}

/** Another program may have bundled this file. */
function installed(): string | null {
  try {
    const require = createRequire(import.meta.url);
    return join(dirname(require.resolve('@bot-bottle/backend-docker/package.json')), 'dist', 'dockerfiles');
  } catch {
    return null;
  }
}

async function filesOf(folder: string): Promise<ContextFile[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  return await Promise.all(names.toSorted().map((name) => readContextFile(join(folder, name), name)));
}

/** @param path where it goes in the build */
export async function readContextFile(source: string, path: string): Promise<ContextFile> {
  const [content, { mode }] = await Promise.all([readFile(source), stat(source)]);
  // What an umask took or gave must not make another image.
  return { path, mode: (mode & 0o100) === 0 ? 0o644 : 0o755, content };
}
