import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { imageTag, type BuildInputs } from '@bot-bottle/backend-docker';

export interface FolderInputs extends Pick<BuildInputs, 'buildArgs'> {
  /** folder with the build context; programs in it may be too large to be read whole */
  readonly folder: string;
  /** id of the image that it is built on */
  readonly baseId: string;
}

/** The tag that a launch looks for, so that an image built here is not built again there. */
export async function folderTag({ folder, ...inputs }: FolderInputs): Promise<string> {
  const paths = await filesBelow(folder);
  const files = await Promise.all(
    paths.map(async (path) => ({
      path,
      mode: (await stat(join(folder, path))).mode & 0o777,
      sha256: await digestOf(join(folder, path)),
    })),
  );
  return imageTag({ ...inputs, files });
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
