import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { folderTag } from './context/folder-tag.ts';
import { makeContext } from './context/make-context.ts';
import type { ImageSpec } from './catalogue.ts';
import { baseName } from './base/base-recipe.ts';
import { buildImage, imageBytes, imageId } from './engine/docker.ts';
import type { Build } from './engine/docker.ts';
import { ImagesError } from './images-error.ts';
import { prepareFiles } from './prepare/prepare-files.ts';
import type { Versions } from './read-versions.ts';
import type { SizeRow } from './size-table.ts';
import { cacheFolder } from './workspace.ts';

export interface BuildOptions {
  readonly base: string;
  readonly versions: Versions;
  /** whether files made on this machine run in the engine */
  readonly canPrepare: boolean;
  readonly say: (line: string) => void;
}

/**
 * Builds images that the engine does not have, one after the other, and measures all of them. One that cannot be built
 * keeps no other from being built.
 */
export async function buildImages(
  images: readonly ImageSpec[],
  options: BuildOptions,
): Promise<{ readonly rows: SizeRow[]; readonly failures: readonly string[] }> {
  const { base } = options;
  const baseId = await imageId(base);
  if (baseId === null) throw new ImagesError('missing', `the engine has no ${base}`);
  const bytes = await imageBytes(base);
  const rows: SizeRow[] = [{ name: 'base', reference: base, bytes, ownBytes: bytes, seconds: null }];
  const failures: string[] = [];
  for (const image of images) {
    try {
      rows.push(await ensureImage(image, baseId, bytes, options));
    } catch (error) {
      if (!(error instanceof ImagesError)) throw error;
      failures.push(`${image.name}: ${error.message}`);
    }
  }
  return { rows, failures };
}

async function ensureImage(
  image: ImageSpec,
  baseId: string,
  baseBytes: number,
  { base, versions, canPrepare, say }: BuildOptions,
): Promise<SizeRow> {
  const { name, prepared } = image;
  const sources = prepared !== null && canPrepare ? await prepareFiles(prepared, versions, say) : {};
  const folder = join(cacheFolder, `build-${process.pid}`);
  // Without what was prepared here, as a launch would build it.
  await makeContext(image, {}, folder);
  const inputs = await folderTag({ folder, baseId, buildArgs: {} });
  await makeContext(image, sources, folder);
  try {
    const ownArgs = image.buildArgs(versions);
    const reference = `bot-bottle/${name}:${await folderTag({ folder, baseId, buildArgs: ownArgs })}`;
    const buildArgs = { ...ownArgs, BASE_IMAGE: base };
    const seconds =
      (await imageId(reference)) === null
        ? await build({ reference, folder, buildArgs, inputs, network: !isComplete(base) }, say)
        : null;
    const bytes = await imageBytes(reference);
    return { name, reference, bytes, ownBytes: bytes - baseBytes, seconds };
  } finally {
    // Hundreds of megabytes of links would keep a program of an older version on the disk.
    await rm(folder, { recursive: true, force: true });
  }
}

/** The base made here has everything: that nothing is fetched is a rule then, not a hope. */
const isComplete = (base: string): boolean => base.startsWith(`${baseName}:`);

async function build(what: Build, say: (line: string) => void): Promise<number> {
  say(`building ${what.reference}`);
  const start = performance.now();
  await buildImage(what);
  return (performance.now() - start) / 1000;
}
