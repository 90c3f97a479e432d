import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { docker, imageId } from '../engine/docker.ts';
import { ImagesError } from '../images-error.ts';
import { runProgram } from '../run-program.ts';
import { cacheFolder } from '../workspace.ts';
import { baseName } from './base-recipe.ts';
import type { BaseRecipe } from './base-recipe.ts';
import { makeRootFolder } from './make-root-folder.ts';

/** Always the newest base that was made here. */
export const offlineName = `${baseName}:offline`;

/** Where the base is kept between two engines. */
export function tarballOf({ reference }: BaseRecipe): string {
  return join(cacheFolder, `${reference.replace(/^.*\//, '').replace(':', '-')}.tar.gz`);
}

/** Whether a base is there, in the engine or as a file. */
export async function hasOfflineBase(recipe: BaseRecipe): Promise<boolean> {
  return existsSync(tarballOf(recipe)) || (await imageId(recipe.reference)) !== null;
}

/**
 * A base image that needs no registry: Debian by debootstrap and the Node.js of an npm package.
 *
 * @returns its reference
 * @throws ImagesError `missing` where it cannot be made, with what to do
 */
export async function offlineBase(recipe: BaseRecipe, say: (line: string) => void): Promise<string> {
  const { reference } = recipe;
  if ((await imageId(reference)) === null) await importBase(recipe, say);
  await nameBase(reference);
  return reference;
}

/** A name that others find it by. One that somebody else made is left alone. */
async function nameBase(reference: string): Promise<void> {
  const format = '{{index .Config.Labels "bot-bottle.image"}}';
  const label = await docker(['image', 'inspect', '--format', format, offlineName]).catch(() => null);
  if (label === null || label === 'base') await docker(['tag', reference, offlineName]);
}

async function importBase(recipe: BaseRecipe, say: (line: string) => void): Promise<void> {
  const { reference } = recipe;
  const tarball = tarballOf(recipe);
  if (!existsSync(tarball)) await makeTarball(recipe, tarball, say);
  say(`importing ${reference}`);
  const changes = [
    'LABEL bot-bottle.image=base',
    'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'CMD ["bash"]',
  ].flatMap((line) => ['--change', line]);
  await docker(['import', ...changes, tarball, reference], 300_000);
}

async function makeTarball(recipe: BaseRecipe, tarball: string, say: (line: string) => void): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new ImagesError(
      'missing',
      'no registry can be reached, and only root can make a base image without one: run it with sudo, or name an ' +
        'image that the engine has in BOT_BOTTLE_BASE_IMAGE',
    );
  }
  say(`making ${recipe.reference} with debootstrap, once`);
  await mkdir(cacheFolder, { recursive: true });
  const folder = join(cacheFolder, `root-${process.pid}`);
  const draft = `${tarball}.${process.pid}`;
  try {
    await makeRootFolder(recipe, folder);
    const owners = ['--sort=name', '--numeric-owner', '--mtime=@0', '--one-file-system'];
    const env = { GZIP: '-1' };
    await runProgram('tar', ['--create', '--gzip', '--file', draft, ...owners, '--directory', folder, '.'], {
      env,
      limitMs: 300_000,
    });
    await rename(draft, tarball);
  } finally {
    // Should something still be mounted there, it is somebody else's.
    await runProgram('rm', ['--recursive', '--force', '--one-file-system', folder, draft]);
  }
}
