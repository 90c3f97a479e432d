import type { SecretRef } from '@bot-bottle/providers';
import type { BottlePlan } from '../plan/bottle-plan.ts';
import { BackendError } from '../errors.ts';
import { readProviderFile, type ReadHostFile } from './provider-file.ts';
import { readKeyFile } from './read-key-file.ts';
import { SecretStore } from './secret-store.ts';

export interface SecretSources {
  /** environment of the host */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** asks on the terminal without echo; null: there is no terminal */
  readonly ask: ((prompt: string) => Promise<string>) | null;
  /** reads a host file, replaced in tests */
  readonly readHostFile?: ReadHostFile;
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
      return (await readProviderFile(ref, { read: sources.readHostFile, now: new Date() })).value;
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
