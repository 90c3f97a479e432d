import { homedir } from 'node:os';
import {
  pathLookup,
  preflightJson,
  preparePlan,
  renderPreflight,
  resolveSecrets,
  type Backend,
  type BottlePlan,
  type ResolvedSecrets,
  type RunMode,
  type Settings,
} from '@bot-bottle/backend';
import type { EffectiveAgent } from '@bot-bottle/manifest';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import type { LaunchCommandOptions } from '../parse-options.ts';
import { findPlugin } from '../plugins/find-plugin.ts';
import { askSecret, confirm } from '../terminal/prompts.ts';
import { renderAbandoned } from './abandoned-proposals.ts';
import {
  builtBackends,
  chooseBackend,
  recordedBackend,
  type BackendChoice,
  type BackendFactories,
} from './choose-backend.ts';
import type { Home } from './load-home.ts';
import type { ResumeWish } from './resume-wish.ts';
import { TrustStore } from './trust-store.ts';

export interface PreparedLaunch {
  readonly plan: BottlePlan;
  readonly backend: Backend;
  readonly secrets: ResolvedSecrets;
  /** folder of the host that the launch is made in, for the metadata */
  readonly cwd: string;
  /** what tells the operator of new proposals */
  readonly notify: Settings['notify'];
}

export interface LaunchWish {
  readonly agent: EffectiveAgent;
  readonly mode: RunMode;
  /** for the agent's program, after `--` */
  readonly extraArgs: readonly string[];
  readonly options: LaunchCommandOptions;
  /** default: all of this build, see `tryEarly` */
  readonly backends?: BackendFactories;
  /** default true */
  readonly showPreflight?: boolean;
  /** the bottle that is relaunched; absent: a new one */
  readonly resume?: ResumeWish;
  /** run when it is clear that the launch could work, before anything is asked */
  readonly check?: () => void;
}

/**
 * Everything before the first side effect: plan, preflight, confirmation, secrets. Null: it was a dry run, or the
 * operator said no.
 */
export async function prepareLaunch(
  context: CommandContext,
  home: Home,
  wish: LaunchWish,
): Promise<PreparedLaunch | null> {
  const { io, printer } = context;
  const { options, agent } = wish;
  const { resume } = wish;
  const { backend, reason } = await backendOf(context, home, wish);
  const plan = await preparePlan(
    {
      agent,
      backend: { name: backend.name, reason, rebuild: backend.capabilities.rebuild },
      mode: wish.mode,
      cwd: options.cwd ? io.cwd : null,
      include: options.include,
      label: options.label ?? resume?.label ?? null,
      ...(resume === undefined ? {} : { identity: resume.identity, keptWorkspace: resume.workspace }),
      keep: options.keep,
      extraArgs: wish.extraArgs,
      remoteControl: options.remoteControl,
    },
    {
      botBottleHome: home.path,
      hostHome: io.env['HOME'] ?? homedir(),
      settings: home.settings,
      env: io.env,
      pathLookup: pathLookup(io.env['PATH'] ?? ''),
      providers: await findPlugin(home.path, agent.bottle.agentProvider.template),
    },
  );
  const preflight = { enforcedLimits: backend.capabilities.resourceLimits };
  const shown = `${renderPreflight(plan, preflight)}${resume === undefined ? '' : renderAbandoned(resume.abandoned)}`;
  if (options.dryRun) {
    const json = preflightJson(plan, preflight);
    if (!options.json) printer.result(shown.trim());
    else printer.json(resume === undefined ? json : { ...json, abandoned: resume.abandoned });
    return null;
  }
  wish.check?.();
  await requireTrust(context, home, wish);
  const isShown = !options.yes || (wish.showPreflight !== false && !printer.options.quiet);
  if (isShown) printer.raw(shown);
  if (!options.yes && !(await confirm('Launch?', 'confirm beforehand with --yes'))) {
    printer.note('not launched');
    return null;
  }
  const secrets = await resolveSecrets(plan, { env: io.env, ask: askOnTerminal });
  return { plan, backend, secrets, cwd: resume?.cwd ?? io.cwd, notify: home.settings.notify };
}

async function backendOf({ io }: CommandContext, home: Home, wish: LaunchWish): Promise<BackendChoice> {
  const factories = wish.backends ?? builtBackends;
  if (wish.resume !== undefined) return await recordedBackend(wish.resume.backend, factories, home.settings);
  const wishes = {
    option: wish.options.backend,
    variable: io.env['BOT_BOTTLE_BACKEND'],
    setting: home.settings.backend,
  };
  return await chooseBackend(wishes, factories, home.settings);
}

async function askOnTerminal(prompt: string): Promise<string> {
  return await askSecret(prompt);
}

/** A repository may ship agents, and each content of one is confirmed once, on its own. */
async function requireTrust(
  { printer }: CommandContext,
  home: Home,
  { agent, options }: LaunchWish,
): Promise<void> {
  if (agent.source !== 'repository') return;
  const store = new TrustStore(home.path);
  const hash = agent.contentHash;
  if (options.trustAgent !== null && options.trustAgent !== hash) {
    throw new CliError(
      'refused',
      `--trust-agent names another content of ${agent.name}: this one is ${hash}`,
    );
  }
  if (await store.isTrusted(hash)) return;
  if (options.trustAgent === null) {
    printer.note(`\nThe repository ships the agent ${agent.name} (${agent.file ?? 'no file'}).`);
    if (agent.replaces !== null) printer.warning(`it replaces your own ${agent.replaces}`);
    printer.note(`Its content (SHA-256 ${hash}) was never used before:\n\n${agent.prompt}\n`);
    if (
      !(await confirm(`Trust this content of ${agent.name}?`, `read it, then pass --trust-agent ${hash}`))
    ) {
      throw new CliError('refused', `the repository agent ${agent.name} is not trusted`);
    }
  }
  await store.trust({ hash, name: agent.name, file: agent.file });
}
