import type { BottleManifest, EgressManifest, Provenance } from '../contracts.ts';
import type { FoldedBottle } from '../compose/fold.ts';
import { readEnvValue } from '../rules/env-value.ts';
import { readSize } from '../rules/size.ts';
import { normalizeRepo } from './repo.ts';
import { normalizeRoute } from './route.ts';

/** Fills in the defaults of a folded, validated bottle. */
export function normalizeBottle(name: string, bottle: FoldedBottle): BottleManifest {
  const provider = bottle.agentProvider?.value;
  const template = provider?.template ?? 'claude';
  const resources = bottle.resources?.value;
  const user = (owned: FoldedBottle['userName']): Provenance | null =>
    owned === null ? null : { value: owned.value, origin: 'bottle' };
  return {
    name,
    env: Object.fromEntries([...bottle.env].map(([key, { value }]) => [key, readEnvValue(value)])),
    agentProvider: {
      template,
      dockerfile: provider?.dockerfile ?? null,
      authToken: provider?.auth_token ?? null,
      forwardHostCredentials: provider?.forward_host_credentials ?? false,
      command: provider?.command ?? (template === 'command' ? ['bash'] : null),
      settings: provider?.settings ?? null,
    },
    gitGate: {
      user: { name: user(bottle.userName), email: user(bottle.userEmail) },
      repos: Object.fromEntries(
        [...bottle.repos].map(([key, { value }]) => [key, normalizeRepo(key, value)]),
      ),
    },
    egress: normalizeEgress(bottle.egress?.value),
    supervise: bottle.supervise?.value ?? true,
    resources: {
      memory: optionalSize(resources?.memory),
      cpus: resources?.cpus ?? null,
      pids: resources?.pids ?? null,
      disk: optionalSize(resources?.disk),
    },
    repositoryAgents: bottle.repositoryAgents?.value ?? true,
  };
}

function normalizeEgress(egress: NonNullable<FoldedBottle['egress']>['value'] | undefined): EgressManifest {
  return {
    routes: (egress?.routes ?? []).map(normalizeRoute),
    log: egress?.log ?? 1,
    guard: egress?.guard ?? 'builtin',
    budget: {
      requestBytes: optionalSize(egress?.budget.request_bytes),
      totalBytes: optionalSize(egress?.budget.total_bytes),
    },
    dlpAllow: (egress?.dlp_allow ?? []).map((entry) => ({
      rule: entry.rule ?? null,
      sha256: entry.sha256?.toLowerCase() ?? null,
      reason: entry.reason,
    })),
  };
}

function optionalSize(size: number | string | undefined): number | null {
  return size === undefined ? null : readSize(size);
}
