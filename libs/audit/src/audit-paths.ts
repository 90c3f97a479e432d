import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AuditError, errnoOf } from './error.ts';
import type { Layer } from './events.ts';

const bottleName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Folder of one bottle. Throws `AuditError` (`invalid_argument`) for a name that could leave the audit folder. */
export function bottleFolder(dir: string, bottle: string): string {
  if (!bottleName.test(bottle) || bottle.startsWith('heads.')) {
    throw new AuditError('invalid_argument', 'not a bottle name', { data: { bottle: bottle.slice(0, 64) } });
  }
  return join(dir, bottle);
}

export const currentFile = (folder: string, layer: Layer): string => join(folder, `${layer}.jsonl`);
export const rotatedFile = (folder: string, layer: Layer, number: number): string =>
  join(folder, `${layer}.${number}.jsonl`);
export const headsFile = (dir: string): string => join(dir, 'heads.jsonl');
export const headsLock = (dir: string): string => join(dir, 'heads.lock');
export const bottleLock = (folder: string): string => join(folder, 'writer.lock');

/** Numbers of the rotated files of a layer, oldest first; [] when the folder does not exist. */
export async function rotatedNumbers(folder: string, layer: Layer): Promise<number[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
  const pattern = new RegExp(`^${layer}\\.([1-9][0-9]{0,8})\\.jsonl$`);
  return names
    .flatMap((name) => {
      const match = pattern.exec(name);
      return match?.[1] === undefined ? [] : [Number(match[1])];
    })
    .toSorted((a, b) => a - b);
}

/** Every file of a layer in the order of its chain, the current one last even when it does not exist. */
export async function layerFiles(folder: string, layer: Layer): Promise<string[]> {
  const numbers = await rotatedNumbers(folder, layer);
  return [...numbers.map((number) => rotatedFile(folder, layer, number)), currentFile(folder, layer)];
}
