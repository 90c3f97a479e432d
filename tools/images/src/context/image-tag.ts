import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

export interface BuildInputs {
  /** folder with the build context */
  readonly folder: string;
  /** id of the image that it is built on */
  readonly baseId: string;
  readonly buildArgs: Readonly<Record<string, string>>;
}

/**
 * Twelve hexadecimal digits that change with anything that goes into a build. It is the tag that
 * `@bot-bottle/backend-docker` looks for, so that an image built here is not built again there.
 */
export async function imageTag({ folder, baseId, buildArgs }: BuildInputs): Promise<string> {
  const hash = createHash('sha256');
  const add = (text: string): void => void hash.update(`${Buffer.byteLength(text)}:`).update(text);
  add(baseId);
  for (const [name, value] of Object.entries(buildArgs).toSorted(([one], [other]) =>
    one < other ? -1 : 1,
  )) {
    // The same base has several names; its id says what it is.
    if (name === 'BASE_IMAGE') continue;
    add(name);
    add(value);
  }
  for (const path of (await filesBelow(folder)).toSorted((one, other) => (one < other ? -1 : 1))) {
    const { mode } = await stat(join(folder, path));
    add(path);
    add((mode & 0o777).toString(8));
    add(await digestOf(join(folder, path)));
  }
  return hash.digest('hex').slice(0, 12);
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
