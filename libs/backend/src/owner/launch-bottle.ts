import { join } from 'node:path';
import type { AuditLog } from '@bot-bottle/audit';
import type { Authority } from '@bot-bottle/egress';
import type { ProviderFileRef } from '@bot-bottle/providers';
import type { Backend, Bottle, BottleHost, BottleSpec, HelperName } from '../contracts.ts';
import { canaryFor, type Canary } from '../env/canary.ts';
import { guestEnvironment } from '../env/guest-environment.ts';
import type { BottlePlan } from '../plan/bottle-plan.ts';
import { provision } from '../provision/provision.ts';
import type { ResolvedSecrets } from '../secrets/resolve-secrets.ts';
import type { SecretStore } from '../secrets/secret-store.ts';
import type { Settings } from '../settings/settings-schema.ts';
import { metadataFor } from '../state/metadata.ts';
import { ResumedState } from '../state/resumed-state.ts';
import { StateStore } from '../state/state-store.ts';
import { timed, type OnStep } from '../step.ts';
import { allOrFirstError } from './all-or-first-error.ts';
import { BottleSidecars } from './bottle-sidecars.ts';
import { CredentialRefresh } from './credential-refresh.ts';
import { DeployKeys } from './deploy-keys.ts';
import { egressSetup, readExtraCa, type SidecarSetup } from './egress-config.ts';
import { AllowedValues } from './dlp-applier.ts';
import type { Guard, GuardFacts } from './guard/guard.ts';
import { gitGateSetup } from './git-gate-config.ts';
import { LiveRoutes } from './live-routes.ts';
import { openDesk } from './open-desk.ts';
import { LaunchedBottle } from './launched-bottle.ts';
import { hostEvent } from './owner-audit.ts';
import { Rebuild } from './rebuild.ts';
import { shortSecretWarnings } from './short-secrets.ts';
import { superviseSetup } from './supervise-config.ts';
import { UndoStack } from './undo-stack.ts';

export interface LaunchOptions {
  readonly plan: BottlePlan;
  readonly secrets: ResolvedSecrets;
  readonly backend: Backend;
  /** folder for sockets, see `runtimeDir` */
  readonly runtimeDir: string;
  /** self-contained ESM file of each sidecar */
  readonly sidecarPrograms: Readonly<Partial<Record<HelperName, string>>>;
  /** folder that the operator is in, for the metadata */
  readonly cwd: string;
  /** what tells the operator of new proposals; absent: the terminal only */
  readonly notify?: Settings['notify'];
  /** TERM of the operator's terminal */
  readonly term?: string;
  /** Aborting undoes a launch that is under way. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (what: string) => void;
  readonly onWarning?: (message: string) => void;
  /** told how long each step of launch and end took */
  readonly onStep?: OnStep;
}

/**
 * Launches a bottle and becomes its owner. A failure undoes everything in reverse order; what cannot be undone is a
 * warning, and the first error is the one that is thrown.
 *
 * @throws BackendError, OwnerError, AuditError
 */
export async function launchBottle(options: LaunchOptions): Promise<LaunchedBottle> {
  const undo = new UndoStack(options.onStep);
  try {
    const launched = await launch(options, undo);
    options.signal?.throwIfAborted();
    return launched;
  } catch (error) {
    for (const warning of await undo.run()) options.onWarning?.(`${options.plan.identity}: ${warning}`);
    throw error;
  }
}

async function launch(options: LaunchOptions, undo: UndoStack): Promise<LaunchedBottle> {
  const { plan } = options;
  const state = new StateStore(plan.botBottleHome);
  const extraCa = await readExtraCa(plan.egress.extraCaFile);
  const lock = await (plan.resumed === null ? state.lock(plan.identity) : state.lockExisting(plan.identity));
  undo.add('releasing the lock', () => lock.release());
  const resumed = plan.resumed === null ? null : await ResumedState.open(state, plan.identity, plan.keep);
  undo.add('putting the state back', () => resumed?.restore());
  const deployKeys = new DeployKeys({ plan, forgeTokens: options.secrets.forgeTokens });
  undo.add('removing the state', () => removeState(state, plan, deployKeys));
  await state.create(plan.identity, metadataFor(plan, options.cwd, process.pid));
  // At once: the backend looks for this mark before it removes the bottle's home.
  if (plan.keep) await state.preserve(plan.identity, 'kept with --keep');

  const { mintAuthority } = await import('@bot-bottle/egress');
  const minting = mintAuthority({ bottle: plan.identity, days: 30 });
  const canary = canaryFor([...Object.keys(plan.env), ...plan.forwardedEnv.map(({ name }) => name)]);
  minting.catch(() => undefined);
  const opening = openAudit(plan, undo);
  // Revoking comes after everything else that a forge could hold up, but is still written down.
  if (deployKeys.isNeeded) await opening;
  undo.add('revoking deploy keys', () => deployKeys.revoke());
  const openHost = async (): Promise<BottleHost> => {
    const opened = await options.backend.open(specOf(plan), {
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
      ...(options.onWarning === undefined ? {} : { onWarning: options.onWarning }),
      ...(options.onStep === undefined ? {} : { onStep: options.onStep }),
    });
    undo.add('closing the bottle', () => opened.close(), 'opened together');
    return opened;
  };
  const provisioning = opening.then((log) => deployKeys.provision(log, options.signal));
  const work = [opening, openHost(), provisioning, minting] as const;
  const [audit, host, provisionedKeys, authority] = await allOrFirstError(work);
  try {
    options.signal?.throwIfAborted();
    const opened = { ...options, undo, audit, host, canary, extraCa, authority, resumed };
    return await bringUp({ ...opened, deployKeys, provisionedKeys });
  } catch (error) {
    const code: unknown = error instanceof Error && 'code' in error ? error.code : null;
    const failed = hostEvent('start', 'failed', plan.identity, {
      code: typeof code === 'string' ? code : null,
    });
    await audit.append([failed]).catch(() => undefined);
    throw error;
  }
}

interface Opened extends LaunchOptions {
  readonly undo: UndoStack;
  readonly audit: AuditLog;
  readonly host: BottleHost;
  readonly canary: Canary;
  readonly extraCa: string | null;
  readonly authority: Authority;
  readonly resumed: ResumedState | null;
  readonly deployKeys: DeployKeys;
  /** slot of the git gate → private key */
  readonly provisionedKeys: SecretStore;
}

/** Sidecars and bottle start side by side; nothing of the agent runs yet. */
async function bringUp(options: Opened): Promise<LaunchedBottle> {
  const { plan, secrets, undo, audit, host, canary, extraCa, authority } = options;
  const gate = gitGateSetup(plan, secrets, {
    listen: host.listenAddress('git-gate'),
    canary,
    provisionedKeys: options.provisionedKeys,
  });
  const routes = new LiveRoutes(plan.routes);
  const allowed = new AllowedValues();
  const rebuild = rebuildOf(options);
  const onWarning = (message: string): void => options.onWarning?.(message);
  const guard = await openGuard(plan, { routes, extraCa, onWarning });
  const setups: Partial<Record<HelperName, () => SidecarSetup>> = {
    egress: () =>
      egressSetup(plan, secrets, {
        listen: host.listenAddress('egress'),
        authority,
        canary,
        extraCa,
        routes,
        allowed,
        guard: guard?.egress ?? null,
      }),
    ...(guard === null ? {} : { pipelock: () => guard.setup() }),
    ...(gate === null ? {} : { 'git-gate': () => gate }),
    supervise: () =>
      superviseSetup(plan, { listen: host.listenAddress('supervise'), dockerfile: rebuild.current }),
  };
  for (const warning of await shortSecretWarnings(plan, secrets)) onWarning(warning);
  const notify = options.notify ?? { command: null, webhook: null };
  const shared = { plan, secrets, canary, audit, routes, allowed, rebuild, guard, notify, undo, onWarning };
  const desk = await openDesk(shared);
  const starting = new BottleSidecars({
    plan,
    host,
    programs: options.sidecarPrograms,
    setups,
    audit,
    guard,
    desk,
    routes,
    undo,
    onWarning,
    ...(options.onStep === undefined ? {} : { onStep: options.onStep }),
  });
  // Provisioning needs no sidecar unless the provider runs commands that may want the network.
  const waitsForSidecars = plan.provision.preCopy.length > 0 || plan.provision.verify.length > 0;
  const { onStep } = options;
  const sidecars = timed(onStep, 'needed sidecars', () => starting.startNeeded());
  const startBottle = async (): Promise<Ready> => {
    const bottle = await timed(onStep, 'agent', () => host.startBottle());
    const checked = timed(onStep, 'self-check', () => host.selfCheck(bottle));
    checked.catch(() => undefined);
    if (host.checkWaits === true) starting.startLate();
    const env = environmentOf(options, bottle, canary);
    if (waitsForSidecars) await sidecars;
    const provisioning = timed(onStep, 'provisioning', () =>
      provision(bottle, plan, {
        allowed: checked,
        caPem: authority.cert,
        env,
        knownSecrets: Object.values(secrets)
          .flatMap((store: SecretStore) => store.entries())
          .map(([name, value]) => ({ name, value })),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
      }),
    );
    const [, provisioned] = await allOrFirstError([checked, provisioning] as const);
    for (const warning of provisioned.warnings) options.onWarning?.(warning);
    await audit.append([
      hostEvent('provision', 'done', plan.identity, {
        ca_sha256: provisioned.caFingerprint,
        left_out: provisioned.leftOut.length,
      }),
    ]);
    return { bottle, env };
  };
  const [, ready] = await allOrFirstError([sidecars, startBottle()] as const);
  if (host.checkWaits !== true) starting.startLate();
  // An agent connects to its tools when it starts, once; where nobody listens yet it would never be able to ask.
  if (plan.superviseCommands.length > 0) await starting.lateSettled();
  const refresh = new CredentialRefresh({
    refs: providerFiles(plan),
    slots: secrets.slots,
    publish: (changed) => starting.setEgressSecrets(changed),
    record: (event) => audit.append([event]),
    onWarning: (message) => onWarning(`${plan.identity}: ${message}`),
  });
  undo.add('watching the host’s credentials', () => refresh.close());
  undo.add('closing proposals', () => desk.close());
  // First of all, so that no connection of the agent keeps a sidecar from draining at once.
  undo.add('ending the agent', () => ready.bottle.close());
  return await LaunchedBottle.open({
    plan,
    audit,
    undo,
    desk,
    routes,
    rebuild,
    resumed: options.resumed,
    deployKeys: options.deployKeys,
    ...ready,
    ...pickOwner(options),
  });
}

async function openGuard(plan: BottlePlan, facts: Omit<GuardFacts, 'plan'>): Promise<Guard | null> {
  const { guard } = plan;
  if (guard === null) return null;
  // Most bottles have none, and their start does not read it.
  const opened = await import('./guard/guard.ts');
  return await opened.Guard.open({ ...facts, plan: { ...plan, guard } });
}

/** Slots whose value a vendor's program renews on the host. */
function providerFiles({ slotRefs }: BottlePlan): Record<string, ProviderFileRef> {
  return Object.fromEntries(
    Object.entries(slotRefs).flatMap(([slot, ref]) => (ref.kind === 'provider-file' ? [[slot, ref]] : [])),
  );
}

function rebuildOf({ plan, host, backend, onProgress }: Opened): Rebuild {
  // One that the operator named is not the bottle's: a later life would not get what is built on it.
  const isOurs = backend.capabilities.rebuild && !plan.imageOverridden;
  const build = isOurs ? (host.rebuild?.bind(host) ?? null) : null;
  return new Rebuild({ plan, build, ...(onProgress === undefined ? {} : { onProgress }) });
}

interface Ready {
  readonly bottle: Bottle;
  readonly env: Readonly<Record<string, string>>;
}

const pickOwner = ({
  runtimeDir,
  onWarning,
  onStep,
}: LaunchOptions): Pick<LaunchOptions, 'runtimeDir' | 'onWarning' | 'onStep'> => ({
  runtimeDir,
  ...(onWarning === undefined ? {} : { onWarning }),
  ...(onStep === undefined ? {} : { onStep }),
});

/** What is recorded of a deploy key that may still be registered is the only way to find it. */
async function removeState(state: StateStore, plan: BottlePlan, { hasLeft }: DeployKeys): Promise<void> {
  if (!hasLeft && !(await state.isPreserved(plan.identity))) await state.remove(plan.identity);
}

async function openAudit(plan: BottlePlan, undo: UndoStack): Promise<AuditLog> {
  const { AuditLog } = await import('@bot-bottle/audit');
  const audit = await AuditLog.open({ dir: join(plan.botBottleHome, 'audit'), bottle: plan.identity });
  undo.add('closing the audit log', () => audit.close(), 'opened together');
  await audit.append([
    hostEvent('start', 'done', plan.identity, {
      agent: plan.agent.name,
      bottle: plan.agent.bottle.name,
      backend: plan.backend.name,
      mode: plan.mode.kind,
      resumed: plan.resumed !== null,
    }),
  ]);
  return audit;
}

const specOf = (plan: BottlePlan): BottleSpec => ({
  identity: plan.identity,
  stateDir: plan.stateDir,
  workdir: plan.workdir,
  programs: plan.programs,
  programDirs: plan.programDirs,
  resources: plan.resources,
  sidecars: plan.sidecars,
  resumed: plan.resumed !== null,
  image: { name: plan.runtime.image, dockerfile: plan.runtime.dockerfile, rebuilt: plan.rebuilt },
});

function environmentOf(options: LaunchOptions, bottle: Bottle, canary: Canary): Record<string, string> {
  return guestEnvironment(options.plan, options.secrets.env.entries(), canary, {
    pathEntries: bottle.pathEntries ?? [],
    ...(options.term === undefined ? {} : { term: options.term }),
  });
}
