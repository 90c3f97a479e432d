import {
  backendNames,
  BackendError,
  type Backend,
  type BackendName,
  type Settings,
} from '@bot-bottle/backend';
import { CliError } from '../cli-error.ts';

export interface BackendChoice {
  readonly backend: Backend;
  /** why this one, for the preflight */
  readonly reason: string;
}

export interface BackendWishes {
  /** `--backend` */
  readonly option: BackendName | null;
  /** `BOT_BOTTLE_BACKEND` */
  readonly variable: string | undefined;
  /** `backend` of settings.yml */
  readonly setting: BackendName | null;
}

/** @param settings null: they are not known, and the defaults hold */
export type BackendFactory = (settings: Settings | null) => Backend | Promise<Backend>;
/** In the order in which they are tried. */
export type BackendFactories = Readonly<Partial<Record<BackendName, BackendFactory>>>;

/**
 * The backend that was asked for, strongest wish first, else the first that works here.
 *
 * @throws BackendError `not_available`, `backend_unavailable` with the remedy
 */
export async function chooseBackend(
  wishes: BackendWishes,
  factories: BackendFactories,
  settings: Settings | null = null,
): Promise<BackendChoice> {
  const wish = wishOf(wishes);
  if (wish !== null) return await open(wish.name, wish.reason, factories, settings);
  const reasons: string[] = [];
  for (const name of namesOf(factories)) {
    try {
      return await open(name, 'the first that works here', factories, settings);
    } catch (error) {
      if (!BackendError.isInstance(error)) throw error;
      reasons.push(`${error.message}${error.hint === null ? '' : `: ${error.hint}`}`);
    }
  }
  throw new BackendError('backend_unavailable', `no backend works here\n${reasons.join('\n')}`, {
    hint: 'bot-bottle doctor shows what is missing',
  });
}

/**
 * The backend that a bottle was launched on; no other one has its home.
 *
 * @throws BackendError `not_available`, `backend_unavailable`
 */
export async function recordedBackend(
  name: BackendName,
  factories: BackendFactories,
  settings: Settings | null = null,
): Promise<BackendChoice> {
  if (factories[name] !== undefined)
    return await open(name, 'the one that it was launched on', factories, settings);
  throw new BackendError(
    'not_available',
    `it was launched on the backend ${name}, which is not available in this version`,
    { hint: 'resume it with the version that it was launched with' },
  );
}

/** @throws CliError `usage` when the variable names no backend */
export function wishOf(
  wishes: BackendWishes,
): { readonly name: BackendName; readonly reason: string } | null {
  if (wishes.option !== null) return { name: wishes.option, reason: '--backend' };
  const { variable } = wishes;
  if (variable !== undefined && variable !== '') {
    const name = backendNames.find((each) => each === variable);
    if (name !== undefined) return { name, reason: 'BOT_BOTTLE_BACKEND' };
    throw new CliError('usage', `BOT_BOTTLE_BACKEND names no backend: ${variable}`, {
      hint: `known backends: ${backendNames.join(', ')}`,
    });
  }
  return wishes.setting === null ? null : { name: wishes.setting, reason: 'settings.yml' };
}

/** Those that are there, in the order in which they are tried. */
export function namesOf(factories: BackendFactories): readonly BackendName[] {
  return Object.keys(factories).flatMap((key) => backendNames.filter((name) => name === key));
}

async function open(
  name: BackendName,
  reason: string,
  factories: BackendFactories,
  settings: Settings | null,
): Promise<BackendChoice> {
  const factory = factories[name];
  if (factory === undefined) {
    throw new BackendError('not_available', `the backend ${name} is not available in this version`, {
      hint: `use --backend ${Object.keys(factories).join(' or ')}`,
    });
  }
  const backend = await factory(settings);
  const found = await backend.probe();
  if (found.available) return { backend, reason };
  throw new BackendError('backend_unavailable', `${name} does not work here: ${found.reason}`, {
    hint: found.remedy,
  });
}

/** The backends of this build. The one that needs no daemon and no images comes first. */
export const builtBackends: BackendFactories = {
  bubblewrap: async () => {
    const { createBubblewrapBackend } = await import('@bot-bottle/backend-bubblewrap');
    return createBubblewrapBackend();
  },
  docker: async (settings) => {
    const { createDockerBackend } = await import('@bot-bottle/backend-docker');
    return createDockerBackend(settings?.docker);
  },
};
