import { docker, imageId } from '../engine/docker.ts';
import { ImagesError } from '../images-error.ts';
import type { Versions } from '../read-versions.ts';
import type { BaseRecipe } from './base-recipe.ts';
import { hasOfflineBase, offlineBase } from './offline-base.ts';

const PULL_MS = 300_000;

export type BaseKind = 'auto' | 'registry' | 'offline';

export interface BaseChoice {
  readonly kind: BaseKind;
  readonly versions: Versions;
  readonly recipe: BaseRecipe;
  /** value of BOT_BOTTLE_BASE_IMAGE; wins over everything else */
  readonly named: string | undefined;
  readonly say: (line: string) => void;
}

/**
 * The image that all others are built on: the named one, else that of the registry, else one made on this machine. With
 * `auto` a base that is there already is taken before a registry is asked.
 *
 * @returns its reference; the engine has it
 * @throws ImagesError `missing` when there is none
 */
export async function chooseBase({ kind, versions, recipe, named, say }: BaseChoice): Promise<string> {
  if (named !== undefined && named !== '') return await fromRegistry(named, say);
  const { baseImage } = versions;
  if (kind === 'registry') return await fromRegistry(baseImage, say);
  if (kind === 'offline') return await offlineBase(recipe, say);
  if ((await imageId(baseImage)) !== null) return baseImage;
  if (await hasOfflineBase(recipe)) return await offlineBase(recipe, say);
  try {
    return await fromRegistry(baseImage, say);
  } catch {
    say(`${baseImage} cannot be pulled`);
    return await offlineBase(recipe, say);
  }
}

async function fromRegistry(reference: string, say: (line: string) => void): Promise<string> {
  if ((await imageId(reference)) !== null) return reference;
  say(`pulling ${reference}`);
  try {
    await docker(['pull', '--quiet', reference], PULL_MS);
  } catch (cause) {
    throw new ImagesError('missing', `the base image ${reference} is not there and cannot be pulled`, {
      cause,
    });
  }
  return reference;
}
