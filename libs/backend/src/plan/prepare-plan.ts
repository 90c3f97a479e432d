import { buildRoutes, secretSlots, type EffectiveRoutes } from '@bot-bottle/egress';
import type { EffectiveAgent, EnvValue } from '@bot-bottle/manifest';
import {
  findProvider,
  type AgentProvider,
  type AgentProvisionPlan,
  type GuestCommand,
  type ProviderContext,
  type SecretRef,
} from '@bot-bottle/providers';
import { join } from 'node:path';
import type { BackendName } from '../contracts.ts';
import { guestHome, guestSuperviseUrl, guestWorkspace } from '../env/guest-paths.ts';
import { BackendError } from '../errors.ts';
import { readHostFile } from '../secrets/read-host-file.ts';
import { missingHostEnv } from '../secrets/resolve-secrets.ts';
import type { Settings } from '../settings/settings-schema.ts';
import { isIdentity, newIdentity } from '../state/identity.ts';
import { rebuiltDockerfile } from '../state/rebuilt-state.ts';
import { StateStore } from '../state/state-store.ts';
import type { BottlePlan, ForwardedEnv, RunMode } from './bottle-plan.ts';
import { deepFreeze } from './deep-freeze.ts';
import { findProgram, type PathLookup } from './find-program.ts';
import { mainProcess } from './main-argv.ts';
import { imageOverride } from './image-override.ts';
import { planGuard } from './plan-guard.ts';
import { planGitGate } from './plan-git-gate.ts';
import { planSkills } from './plan-skills.ts';
import { planWorkspace } from './plan-workspace.ts';
import { refuseUnavailable } from './refuse-unavailable.ts';

/** What the operator asks for. */
export interface PlanRequest {
  readonly agent: EffectiveAgent;
  readonly backend: {
    readonly name: BackendName;
    readonly reason: string;
    /** whether it builds images for single bottles; default true */
    readonly rebuild?: boolean;
  };
  readonly mode: RunMode;
  /** folder to copy into the bottle, null: none */
  readonly cwd: string | null;
  readonly include: readonly string[];
  readonly label: string | null;
  readonly keep: boolean;
  /** arguments for the agent program, after `--` */
  readonly extraArgs: readonly string[];
  readonly remoteControl: boolean;
  /** identity of the preserved bottle that is relaunched; absent: a new one */
  readonly identity?: string;
  /** with `identity`: whether its home holds a workspace, which is used as it is; default false */
  readonly keptWorkspace?: boolean;
}

/** Where things are on this host. */
export interface PlanDeps {
  readonly botBottleHome: string;
  /** home folder of the operator */
  readonly hostHome: string;
  readonly settings: Settings;
  /** environment of the host; only whether a name has a value is looked at */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pathLookup: PathLookup;
  /** providers besides the built-in ones, found before them */
  readonly providers?: readonly AgentProvider[];
  readonly now?: () => Date;
}

/**
 * Resolves a launch completely: nothing is started, asked or written, and the plan holds no secret.
 *
 * @throws BackendError and ProviderError for what the operator can fix
 */
export async function preparePlan(request: PlanRequest, deps: PlanDeps): Promise<BottlePlan> {
  const { agent } = request;
  const { bottle } = agent;
  refuseUnavailable(request.backend.name);
  const provider = findProvider(bottle.agentProvider.template, deps.providers);
  const workspace = request.cwd === null ? null : await planWorkspace(request.cwd, request.include, deps);
  const resumed = resumedPlan(request);
  const hasWorkspace = workspace !== null || resumed?.workspace === true;
  const context = providerContext(request, deps, hasWorkspace ? guestWorkspace : guestHome);
  const runtime = provider.runtime(context);
  const provisionPlan = await providerPlan(provider, context, request.mode);
  const routes = buildRoutes(provisionPlan.egressRoutes, bottle.egress.routes);
  const identity = await chooseIdentity(request, deps);
  const stateDir = new StateStore(deps.botBottleHome).dir(identity);
  const override = imageOverride(deps.env, request.backend);
  const rebuilt =
    resumed === null || override !== null ? null : await rebuiltDockerfile(stateDir, request.backend);
  const { argv, stdin } = mainProcess(runtime, request.mode, {
    ...request,
    resume: resumed !== null,
  });
  const skillsDir = `${guestHome}/${provider.skillsDir}`;
  const skillRoots = [join(deps.botBottleHome, 'skills'), join(deps.hostHome, provider.skillsDir)];
  const forwardedEnv = forwarded(bottle.env, deps);
  const gate = await planGitGate(agent, request.backend.name, deps);
  const guard = await planGuard(bottle, routes.table.routes, { ...deps, backend: request.backend.name });
  return deepFreeze<BottlePlan>({
    identity,
    resumed,
    label: request.label,
    startedAt: (deps.now?.() ?? new Date()).toISOString(),
    agent: structuredClone(agent),
    backend: { name: request.backend.name, reason: request.backend.reason },
    provider: { name: provider.name, origin: provider.origin },
    runtime: {
      command: [...runtime.command],
      image: override ?? runtime.image,
      dockerfile: override === null ? runtime.dockerfile : null,
      bypassArgs: [...runtime.bypassArgs],
    },
    imageOverridden: override !== null,
    rebuilt,
    mode: structuredClone(request.mode),
    argv: [...argv],
    stdin,
    guestHome,
    workdir: context.workdir,
    botBottleHome: deps.botBottleHome,
    stateDir,
    provision: structuredClone(provisionPlan),
    superviseCommands: superviseCommands(request, provider),
    skills: await planSkills(agent.skills, skillRoots, skillsDir),
    skillsDir,
    workspace: workspace?.plan ?? null,
    env: { ...provisionPlan.env, ...literals(bottle.env) },
    forwardedEnv,
    routes: structuredClone(routes),
    slotRefs: slotRefs(routes, provisionPlan.secretRefs, deps),
    gitGate: gate?.plan ?? null,
    guard: guard.plan,
    sidecars: [
      'egress',
      ...(gate === null ? [] : (['git-gate'] as const)),
      ...(bottle.supervise ? (['supervise'] as const) : []),
    ],
    programs: await programs(request, runtime.command[0], deps),
    programDirs: request.backend.name === 'bubblewrap' ? [...deps.settings.bubblewrap.programs] : [],
    egress: egressPlan(agent, deps.settings),
    resources: { ...bottle.resources },
    keep: request.keep,
    warnings: [...(workspace?.warnings ?? []), ...(gate?.warnings ?? []), ...guard.warnings],
  });
}

/** A command of the operator's own runs without the agent's program, which need not be there to be checked. */
async function providerPlan(
  provider: AgentProvider,
  context: ProviderContext,
  mode: RunMode,
): Promise<AgentProvisionPlan> {
  const plan = await provider.plan(context);
  return mode.kind === 'command' ? { ...plan, verify: [] } : plan;
}

function providerContext(request: PlanRequest, deps: PlanDeps, workdir: string): ProviderContext {
  const { agent } = request;
  return {
    bottle: agent.bottle,
    agentName: agent.name,
    prompt: agent.prompt,
    skills: agent.skills,
    guestHome,
    workdir,
    botBottleHome: deps.botBottleHome,
    hostHome: deps.hostHome,
    now: deps.now?.() ?? new Date(),
    hostEnv: (name) => deps.env[name],
    readHostFile,
  };
}

/** @throws BackendError `invalid_request`: a folder copied in would replace what the agent changed */
function resumedPlan({ identity, keptWorkspace = false, cwd }: PlanRequest): BottlePlan['resumed'] {
  if (identity === undefined) return null;
  if (cwd === null) return { workspace: keptWorkspace };
  throw new BackendError(
    'invalid_request',
    'a bottle that is resumed keeps its workspace: none is copied in',
  );
}

async function chooseIdentity(request: PlanRequest, deps: PlanDeps): Promise<string> {
  if (request.identity !== undefined) {
    if (isIdentity(request.identity)) return request.identity;
    throw new BackendError(
      'state_invalid',
      `${JSON.stringify(request.identity)} is not the identity of a bottle`,
    );
  }
  const state = new StateStore(deps.botBottleHome);
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const identity = newIdentity(request.agent.name);
    if (!(await state.exists(identity))) return identity;
  }
  throw new BackendError('state_invalid', `no free identity is found for ${request.agent.name}`);
}

/** A command of the operator's own has no use for the tools, and the agent's program need not be there to take them. */
function superviseCommands({ agent, mode }: PlanRequest, provider: AgentProvider): GuestCommand[] {
  if (!agent.bottle.supervise || mode.kind === 'command') return [];
  return structuredClone([...provider.superviseCommands(guestSuperviseUrl)]);
}

function literals(env: Readonly<Record<string, EnvValue>>): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value.kind === 'literal') result[name] = value.value;
  return result;
}

function forwarded(env: Readonly<Record<string, EnvValue>>, deps: PlanDeps): ForwardedEnv[] {
  const result: ForwardedEnv[] = [];
  for (const [name, value] of Object.entries(env)) {
    if (value.kind === 'prompt') result.push({ name, ref: { kind: 'prompt', name, message: value.message } });
    if (value.kind === 'host')
      result.push({ name, ref: available({ kind: 'host-env', name: value.name }, deps) });
  }
  return result;
}

function slotRefs(
  routes: EffectiveRoutes,
  providerRefs: Readonly<Record<string, SecretRef>>,
  deps: PlanDeps,
): Record<string, SecretRef> {
  const refs: Record<string, SecretRef> = {};
  for (const { slot, tokenRef } of routes.slots) {
    refs[slot] = available(providerRefs[tokenRef] ?? { kind: 'host-env', name: tokenRef }, deps);
  }
  const authEnv = deps.settings.upstreamProxy?.authEnv ?? null;
  if (authEnv !== null)
    refs[secretSlots.upstreamProxyAuth] = available({ kind: 'host-env', name: authEnv }, deps);
  return refs;
}

function available(ref: SecretRef, deps: PlanDeps): SecretRef {
  if (ref.kind === 'host-env' && (deps.env[ref.name] ?? '') === '') throw missingHostEnv(ref.name);
  return ref;
}

/**
 * Programs of the host that the bottle shows; the agent's must be there unless something else is run. Where bottles are
 * made of images, the image has it.
 */
async function programs(
  request: PlanRequest,
  command: string | undefined,
  deps: PlanDeps,
): Promise<string[]> {
  if (command === undefined) throw new BackendError('invalid_request', 'the provider names no program');
  if (request.backend.name !== 'bubblewrap' || isGuestPath(command)) return [];
  if (request.mode.kind !== 'command') return [await findProgram(command, deps.pathLookup)];
  const found = await findProgram(command, deps.pathLookup).catch(() => null);
  return found === null ? [] : [found];
}

/** A relative path starts at the working directory in the bottle; only a bare name or an absolute path is of the host. */
function isGuestPath(command: string): boolean {
  return (command.includes('/') && !command.startsWith('/')) || command.startsWith(`${guestHome}/`);
}

function egressPlan(agent: EffectiveAgent, settings: Settings): BottlePlan['egress'] {
  const { egress } = agent.bottle;
  return {
    log: egress.log,
    budget: { request_bytes: egress.budget.requestBytes, total_bytes: egress.budget.totalBytes },
    dlpAllow: egress.dlpAllow.map(({ rule, sha256 }) => ({
      ...(rule === null ? {} : { rule }),
      ...(sha256 === null ? {} : { sha256 }),
    })),
    extraCaFile: settings.extraCaFile,
    upstreamProxy:
      settings.upstreamProxy === null
        ? null
        : {
            url: settings.upstreamProxy.url,
            noProxy: [...settings.noProxy],
            hasCredentials: settings.upstreamProxy.authEnv !== null,
          },
    hosts: { ...settings.hosts },
  };
}
