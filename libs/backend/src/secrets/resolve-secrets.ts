import { readFile } from 'node:fs/promises';
import type { SecretRef } from '@bot-bottle/providers';
import type { BottlePlan } from '../plan/bottle-plan.ts';
import { BackendError } from '../errors.ts';
import { readKeyFile } from './read-key-file.ts';
import { SecretStore } from './secret-store.ts';

export interface SecretSources {
  /** environment of the host */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** asks on the terminal without echo; null: there is no terminal */
  readonly ask: ((prompt: string) => Promise<string>) | null;
  /** reads a host file, replaced in tests */
  readonly readHostFile?: (path: string) => Promise<string>;
}

/**
 * What a plan names, with values. Never part of a plan, a log or JSON. One store per holder: no sidecar is sent the
 * secrets of another.
 */
export interface ResolvedSecrets {
  /** slot of the egress sidecar → value */
  readonly slots: SecretStore;
  /** env name of the bottle → value */
  readonly env: SecretStore;
  /** slot of the git gate → private key */
  readonly gateKeys: SecretStore;
  /** host variable → token of a forge; for the launcher, no sidecar gets one */
  readonly forgeTokens: SecretStore;
}

/**
 * Reads every secret that a plan names, after the operator confirmed it.
 *
 * @throws BackendError `host_env_missing` or `secret_unavailable`, naming the variable only
 */
export async function resolveSecrets(
  plan: Pick<BottlePlan, 'slotRefs' | 'forwardedEnv' | 'gitGate'>,
  sources: SecretSources,
): Promise<ResolvedSecrets> {
  const secrets = emptySecrets();
  const { slots, env, gateKeys, forgeTokens } = secrets;
  for (const [slot, ref] of Object.entries(plan.slotRefs)) slots.set(slot, await valueOf(ref, sources));
  for (const { name, ref } of plan.forwardedEnv) env.set(name, await valueOf(ref, sources));
  for (const [slot, ref] of Object.entries(plan.gitGate?.keyRefs ?? {}))
    gateKeys.set(slot, await valueOf(ref, sources));
  for (const { tokenRef } of plan.gitGate?.provisioned ?? [])
    forgeTokens.set(tokenRef.name, await valueOf(tokenRef, sources));
  return secrets;
}

/** Stores with nothing in them. */
export function emptySecrets(): ResolvedSecrets {
  return {
    slots: new SecretStore(),
    env: new SecretStore(),
    gateKeys: new SecretStore(),
    forgeTokens: new SecretStore(),
  };
}

async function valueOf(ref: SecretRef, sources: SecretSources): Promise<string> {
  switch (ref.kind) {
    case 'host-env': {
      const value = sources.env[ref.name];
      if (value === undefined || value === '') throw missingHostEnv(ref.name);
      return value;
    }
    case 'prompt': {
      if (sources.ask === null) {
        throw new BackendError(
          'secret_unavailable',
          `${ref.name} is asked on the terminal, and there is none`,
          {
            hint: `run with a terminal, or declare it as \${${ref.name}} to take it from the environment`,
            data: { name: ref.name },
          },
        );
      }
      const value = await sources.ask(ref.message ?? ref.name);
      if (value === '') {
        throw new BackendError('secret_unavailable', `no value was given for ${ref.name}`, {
          data: { name: ref.name },
        });
      }
      return value;
    }
    case 'provider-file':
      return await fromFile(
        ref.path,
        ref.pointer,
        sources.readHostFile ?? ((path) => readFile(path, 'utf8')),
      );
    case 'file':
      return await readKeyFile(ref.path);
    default: {
      const never: never = ref;
      throw new TypeError(`unknown secret reference ${String(never)}`);
    }
  }
}

/** The error for a host variable that is not there. */
export function missingHostEnv(name: string): BackendError {
  return new BackendError('host_env_missing', `the host environment variable ${name} is not set or empty`, {
    hint: `export ${name}, then try again`,
    data: { name },
  });
}

/** @param pointer RFC 6901 JSON pointer to a string */
async function fromFile(
  path: string,
  pointer: string,
  read: (path: string) => Promise<string>,
): Promise<string> {
  const unavailable = (what: string, cause?: unknown): BackendError =>
    new BackendError('secret_unavailable', `${path}: ${what}`, { data: { path, pointer }, cause });
  let text: string;
  try {
    text = await read(path);
  } catch (error) {
    throw unavailable('cannot be read', error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, so it is not kept as a cause.
    throw unavailable('is not JSON');
  }
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? Reflect.get(value, key)
        : undefined;
  }
  if (typeof value !== 'string' || value === '') throw unavailable(`holds no text at ${pointer}`);
  return value;
}
