import { readFile } from 'node:fs/promises';
import { secretSlots, type EgressConfigInput } from '@bot-bottle/egress';
import { BackendError } from '../errors.ts';
import type { Canary } from '../env/canary.ts';
import type { BottlePlan } from '../plan/bottle-plan.ts';
import type { ResolvedSecrets } from '../secrets/resolve-secrets.ts';
import type { AllowedValues } from './dlp-applier.ts';
import type { LiveRoutes } from './live-routes.ts';

/** Everything that the egress sidecar is told, in two parts that travel side by side. */
export interface SidecarSetup {
  readonly config: unknown;
  /** slot → value; lives in the owner's memory only */
  readonly secrets: Readonly<Record<string, string>>;
}

export interface EgressFacts {
  /** where the sidecar listens, as it sees it */
  readonly listen: string;
  readonly authority: { readonly cert: string; readonly key: string };
  readonly canary: Canary;
  /** PEM bundle trusted besides the system's roots */
  readonly extraCa: string | null;
  readonly routes: Pick<LiveRoutes, 'view'>;
  /** the guard that requests go through, null: none */
  readonly guard: EgressConfigInput['guard'];
  /** what a human let pass since the launch */
  readonly allowed: Pick<AllowedValues, 'list'>;
}

/** Configuration and secrets of the egress sidecar of one bottle. */
export function egressSetup(plan: BottlePlan, secrets: ResolvedSecrets, facts: EgressFacts): SidecarSetup {
  const env = secrets.env.entries();
  const { upstreamProxy } = plan.egress;
  const { table, now } = facts.routes.view;
  const config: EgressConfigInput = {
    bottle: plan.identity,
    listen: facts.listen,
    table,
    now,
    ca: { cert: facts.authority.cert },
    extra_ca: facts.extraCa,
    upstream_proxy:
      upstreamProxy === null
        ? null
        : {
            url: upstreamProxy.url,
            no_proxy: [...upstreamProxy.noProxy],
            has_credentials: upstreamProxy.hasCredentials,
          },
    guard: facts.guard ?? null,
    hosts: { ...plan.egress.hosts },
    supervise: plan.sidecars.includes('supervise'),
    budget: { ...plan.egress.budget },
    dlp_allow: plan.egress.dlpAllow.map((entry) => ({ ...entry })),
    dlp_approved: facts.allowed.list().map((entry) => ({ ...entry })),
    env_secrets: Object.fromEntries(env.map(([name], index) => [envSecretSlot(index), name])),
    log: plan.egress.log,
  };
  return {
    config,
    secrets: {
      ...Object.fromEntries(secrets.slots.entries()),
      ...Object.fromEntries(env.map(([, value], index) => [envSecretSlot(index), value])),
      [secretSlots.caKey]: facts.authority.key,
      [secretSlots.canary]: facts.canary.value,
    },
  };
}

const envSecretSlot = (index: number): string => `EGRESS_SECRET_${index}`;

/**
 * Reads `extra_ca_file` of the settings.
 *
 * @throws BackendError `settings_invalid`
 */
export async function readExtraCa(path: string | null): Promise<string | null> {
  if (path === null) return null;
  const invalid = (what: string, cause?: unknown): BackendError =>
    new BackendError('settings_invalid', `extra_ca_file ${path} ${what}`, { data: { path }, cause });
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw invalid('cannot be read', error);
  }
  if (text.length > 4 * 1024 * 1024) throw invalid('is larger than 4 MiB');
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw invalid('holds no PEM certificate');
  return text;
}
