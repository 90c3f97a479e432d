import type { Backend } from '@bot-bottle/backend';
import {
  namesOf,
  wishOf,
  type BackendFactories,
  type BackendFactory,
  type BackendWishes,
} from './choose-backend.ts';

/**
 * The same backends; the trial of the one that will most likely be chosen begins now, beside reading the home folder.
 * What it finds is told, or fails, when that backend is chosen.
 */
export function tryEarly(
  wishes: Omit<BackendWishes, 'setting'>,
  factories: BackendFactories,
): BackendFactories {
  const name = likely(wishes, factories);
  const factory = name === null ? undefined : factories[name];
  // Which engine it is, only the settings say.
  if (name === null || name === 'docker' || factory === undefined) return factories;
  const trial = begin(factory);
  trial.catch(() => undefined);
  return { ...factories, [name]: () => trial };
}

function likely(wishes: Omit<BackendWishes, 'setting'>, factories: BackendFactories): Backend['name'] | null {
  try {
    const wish = wishOf({ ...wishes, setting: null });
    return wish?.name ?? namesOf(factories)[0] ?? null;
  } catch {
    // said when one is chosen
    return null;
  }
}

async function begin(factory: BackendFactory): Promise<Backend> {
  const backend = await factory(null);
  const found = backend.probe();
  found.catch(() => undefined);
  return {
    name: backend.name,
    capabilities: backend.capabilities,
    probe: () => found,
    open: (spec, options) => backend.open(spec, options),
    leftovers: (live) => backend.leftovers(live),
  };
}
