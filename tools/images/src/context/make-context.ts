import { chmod, copyFile, link, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ImageSpec } from '../catalogue.ts';
import { ImagesError } from '../images-error.ts';
import { cacheFolder, workspaceRoot } from '../workspace.ts';

/** File or folder of the build context → where it is on this machine. */
export type Sources = Readonly<Record<string, string>>;

/**
 * Lays out what one image is built of in a folder of its own: `images/common`, `images/<name>`, programs and prepared
 * files. Modes are 0644 or 0755 whatever the umask was that the files were made with.
 *
 * @param folder is emptied first
 * @returns the folder
 * @throws ImagesError `missing` when a program was not built
 */
export async function makeContext(
  { name, files }: ImageSpec,
  prepared: Sources,
  folder: string = join(cacheFolder, 'context', name),
): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const source of ['common', name]) await place(join(workspaceRoot, 'images', source), folder);
  for (const [path, source] of Object.entries(files)) {
    await place(join(workspaceRoot, source), join(folder, path)).catch((cause: unknown) => {
      throw new ImagesError('missing', `${source} is missing: run npm run build first`, { cause });
    });
  }
  for (const [path, source] of Object.entries(prepared)) await place(source, join(folder, path));
  return folder;
}

async function place(source: string, target: string): Promise<void> {
  const found = await stat(source);
  if (!found.isDirectory()) return await placeFile(source, target, found.mode);
  await mkdir(target, { recursive: true });
  for (const name of await readdir(source)) await place(join(source, name), join(target, name));
}

/** Programs of agents are hundreds of megabytes: they are linked where that changes nothing. */
async function placeFile(source: string, target: string, mode: number): Promise<void> {
  const wanted = (mode & 0o100) === 0 ? 0o644 : 0o755;
  await mkdir(dirname(target), { recursive: true });
  if ((mode & 0o7777) === wanted) {
    const linked = await link(source, target).then(
      () => true,
      () => false,
    );
    if (linked) return;
  }
  await copyFile(source, target);
  await chmod(target, wanted);
}
