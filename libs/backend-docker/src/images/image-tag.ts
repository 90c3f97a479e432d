import { createHash } from 'node:crypto';
import type { ContextFile } from './image-files.ts';

export interface DigestedFile extends Pick<ContextFile, 'path' | 'mode'> {
  /** SHA-256 of the content, hexadecimal */
  readonly sha256: string;
}

export interface BuildInputs {
  readonly files: readonly DigestedFile[];
  /** id of the image that it is built on, null: the Dockerfile alone says */
  readonly baseId: string | null;
  readonly buildArgs: Readonly<Record<string, string>>;
}

/**
 * Twelve hexadecimal digits that change with anything that goes into a build. What builds images beforehand uses the same,
 * so that a launch finds them.
 */
export function imageTag({ files, baseId, buildArgs }: BuildInputs): string {
  const hash = createHash('sha256');
  const add = (text: string): void => void hash.update(`${Buffer.byteLength(text)}:`).update(text);
  add(baseId ?? '');
  for (const [name, value] of Object.entries(buildArgs).toSorted(byName)) {
    // The same base has several names; its id says what it is.
    if (name === 'BASE_IMAGE') continue;
    add(name);
    add(value);
  }
  for (const { path, mode, sha256 } of files.toSorted((one, other) => (one.path < other.path ? -1 : 1))) {
    add(path);
    add(mode.toString(8));
    add(sha256);
  }
  return hash.digest('hex').slice(0, 12);
}

export function digested(files: readonly ContextFile[]): DigestedFile[] {
  return files.map(({ path, mode, content }) => ({
    path,
    mode,
    sha256: createHash('sha256').update(content).digest('hex'),
  }));
}

const byName = ([one]: readonly [string, string], [other]: readonly [string, string]): number =>
  one < other ? -1 : 1;
