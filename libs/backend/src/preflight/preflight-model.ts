import { hash } from 'node:crypto';
import type { Route } from '@bot-bottle/egress';
import { policyLabel } from '@bot-bottle/git-gate';
import type { BottlePlan } from '../plan/bottle-plan.ts';

export interface PreflightOptions {
  /** limits that the backend really enforces; absent: all of them */
  readonly enforcedLimits?: readonly string[];
}

/** What a launch will do, as a stable JSON document: names and policy, never values. */
export interface Preflight {
  readonly version: 1;
  readonly identity: string;
  /** null: a new bottle; else whether the kept home holds a workspace, which is used as it is */
  readonly resumed: { readonly workspace: boolean } | null;
  readonly label: string | null;
  readonly agent: {
    readonly name: string;
    readonly file: string | null;
    readonly source: 'home' | 'repository' | 'object';
    readonly content_hash: string;
    readonly replaces: string | null;
  };
  readonly bottle: string;
  readonly provider: { readonly name: string; readonly origin: string };
  readonly backend: { readonly name: string; readonly reason: string };
  /** image that the operator named for this launch, null: none */
  readonly image_override: string | null;
  /** the Dockerfile that was approved for this bottle, null: it has the image of its provider */
  readonly rebuilt: { readonly sha256: string; readonly dockerfile: string } | null;
  readonly mode: 'interactive' | 'headless' | 'command';
  readonly command: readonly string[];
  readonly env: ReadonlyArray<{ readonly name: string; readonly secret: boolean }>;
  readonly skills: ReadonlyArray<{ readonly name: string; readonly source: string }>;
  readonly git_identity: {
    readonly name: { readonly value: string; readonly origin: string } | null;
    readonly email: { readonly value: string; readonly origin: string } | null;
  } | null;
  readonly git_gate: ReadonlyArray<{
    readonly name: string;
    readonly host: string;
    readonly port: number;
    readonly policy: string;
    /** provisioned: made for this launch and registered with the forge */
    readonly key: 'identity' | 'provisioned';
    /** without one the gate refuses the repository */
    readonly host_key: boolean;
  }>;
  /** what looks for secrets in pushes, null: no gate */
  readonly git_gate_scanner: { readonly name: string; readonly reason: string } | null;
  readonly egress: ReadonlyArray<{
    readonly host: string;
    readonly ports: readonly number[];
    readonly methods: readonly string[];
    readonly path_allowlist: readonly string[];
    readonly auth: string | null;
    readonly dlp: string;
    readonly owner: string;
  }>;
  readonly guard: string;
  readonly workspace: {
    readonly source: string;
    readonly target: string;
    readonly include: readonly string[];
    readonly flagged: ReadonlyArray<{ readonly path: string; readonly rules: readonly string[] }>;
  } | null;
  readonly programs: readonly string[];
  readonly limits: Readonly<Record<'memory' | 'cpus' | 'pids' | 'disk', number | null>>;
  readonly limits_not_enforced: readonly string[];
  readonly dropped_routes: readonly string[];
  readonly keep: boolean;
  readonly warnings: readonly string[];
}

/** The preflight of a plan as data. */
export function preflightJson(plan: BottlePlan, options: PreflightOptions = {}): Preflight {
  const { agent } = plan;
  const { user } = agent.bottle.gitGate;
  return {
    version: 1,
    identity: plan.identity,
    resumed: plan.resumed,
    label: plan.label,
    agent: {
      name: agent.name,
      file: agent.file,
      source: agent.source,
      content_hash: agent.contentHash,
      replaces: agent.replaces,
    },
    bottle: agent.bottle.name,
    provider: plan.provider,
    backend: plan.backend,
    image_override: plan.imageOverridden ? plan.runtime.image : null,
    rebuilt:
      plan.rebuilt === null ? null : { sha256: hash('sha256', plan.rebuilt), dockerfile: plan.rebuilt },
    mode: plan.mode.kind,
    command: plan.mode.kind === 'command' ? plan.mode.argv : plan.runtime.command,
    env: envNames(plan),
    skills: plan.skills.map(({ name, source }) => ({ name, source })),
    git_identity: user.name === null && user.email === null ? null : { name: user.name, email: user.email },
    git_gate: gateRows(plan),
    git_gate_scanner: plan.gitGate?.scannerUsed ?? null,
    egress: plan.routes.table.routes.map((route) => routeRow(route)),
    guard: agent.bottle.egress.guard,
    workspace: plan.workspace,
    programs: [...plan.programs, ...plan.programDirs],
    limits: plan.resources,
    limits_not_enforced: notEnforced(plan, options),
    dropped_routes: plan.routes.droppedHosts,
    keep: plan.keep,
    warnings: plan.warnings,
  };
}

/** Sorted union of names; placeholders would look like credentials, so they are left out. */
function envNames(plan: BottlePlan): Array<{ name: string; secret: boolean }> {
  const secret = new Set(plan.forwardedEnv.map(({ name }) => name));
  const hidden = new Set(plan.provision.hiddenEnvNames.filter((name) => !secret.has(name)));
  return [...new Set([...Object.keys(plan.env), ...secret])]
    .filter((name) => !hidden.has(name))
    .toSorted()
    .map((name) => ({ name, secret: secret.has(name) }));
}

function gateRows({ gitGate }: BottlePlan): Preflight['git_gate'] {
  const made = new Set(gitGate?.provisioned.map(({ repo }) => repo));
  return (gitGate?.repos ?? []).map(({ name, host, port, push, host_key: hostKey }) => ({
    name,
    host,
    port,
    policy: policyLabel(push),
    key: made.has(name) ? 'provisioned' : 'identity',
    host_key: hostKey !== null,
  }));
}

function routeRow(route: Route): Preflight['egress'][number] {
  return {
    host: route.host,
    ports: route.ports,
    methods: route.methods,
    path_allowlist: route.path_allowlist,
    auth: route.auth?.scheme ?? (route.authorization === 'agent' ? 'agent' : null),
    dlp: route.dlp.outbound.length === 0 ? 'off' : route.dlp.on_match,
    owner: route.owner,
  };
}

function notEnforced(plan: BottlePlan, options: PreflightOptions): string[] {
  const { enforcedLimits } = options;
  if (enforcedLimits === undefined) return [];
  return Object.entries(plan.resources)
    .filter(([name, value]) => value !== null && !enforcedLimits.includes(name))
    .map(([name]) => name);
}
