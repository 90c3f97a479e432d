import { createHash, X509Certificate } from 'node:crypto';
import { visibleLine } from '@bot-bottle/audit';
import type { KnownSecret } from '@bot-bottle/dlp';
import type { GuestCommand } from '@bot-bottle/providers';
import type { Bottle } from '../contracts.ts';
import { guestCaFile } from '../env/guest-paths.ts';
import { BackendError } from '../errors.ts';
import type { BottlePlan } from '../plan/bottle-plan.ts';
import type { TarEntry } from '../tar/tar-entry.ts';
import type { FlaggedFile } from '../workspace/scan-workspace.ts';
import { workspaceEntries } from '../workspace/workspace-entries.ts';
import { clearKeptHome } from './clear-kept-home.ts';
import { copyIn } from './copy-in.ts';
import { execInBottle } from './exec-in-bottle.ts';
import { guestGitConfig } from './guest-git-config.ts';
import { caEntries, dirEntries, fileEntries, homeRelative, promptEntries } from './provision-entries.ts';

export interface ProvisionOptions {
  /** certificate of the bottle's CA */
  readonly caPem: string;
  /** Nothing is put into the bottle before this resolves; when it rejects, nothing is. Absent: at once. */
  readonly allowed?: Promise<unknown>;
  /** environment of the guest, for the provider's commands */
  readonly env: Readonly<Record<string, string>>;
  /** values that no copied file may hold */
  readonly knownSecrets?: readonly KnownSecret[];
  readonly signal?: AbortSignal;
  /** told what is being done, e.g. each file of the workspace */
  readonly onProgress?: (what: string) => void;
}

export interface ProvisionResult {
  /** SHA-256 of the CA certificate as tools show it, for the log */
  readonly caFingerprint: string;
  /** files of the workspace left out beyond those in the plan */
  readonly leftOut: readonly FlaggedFile[];
  readonly warnings: readonly string[];
}

interface Step {
  readonly name: string;
  /** folder below the home that is replaced whole */
  readonly replace?: string;
  readonly entries: () => Iterable<TarEntry> | AsyncIterable<TarEntry>;
}

/**
 * Makes a fresh bottle ready: CA, prompt, provider, skills, workspace, git identity, supervise tools, in this order. Each unbroken run of
 * files is one archive, so a provider without commands costs one process in the guest.
 *
 * @throws BackendError `provision_failed` with the failing step's message
 */
export async function provision(
  bottle: Bottle,
  plan: BottlePlan,
  options: ProvisionOptions,
): Promise<ProvisionResult> {
  const { provision: provider, workspace } = plan;
  // A new home is empty, so that the program that unpacks can be started meanwhile.
  if (plan.resumed !== null) {
    await options.allowed;
    await clearKeptHome(bottle, plan, pick(options));
  }
  const leftOut: FlaggedFile[] = [];
  const beforeFiles: Step[] = [
    { name: 'CA', entries: () => caEntries(plan, options.caPem) },
    { name: 'system prompt', entries: () => promptEntries(plan) },
    { name: 'provider folders', entries: () => dirEntries(plan, provider.dirs) },
  ];
  const providerFiles: Step[] = [
    { name: 'provider files', entries: () => fileEntries(plan, provider.files) },
  ];
  const afterFiles: Step[] = [
    {
      name: 'skills',
      entries: () =>
        fileEntries(
          plan,
          plan.skills.flatMap(({ files }) => files),
        ),
    },
    {
      name: 'workspace',
      entries: () => workspaceFiles(plan, options, leftOut),
      ...(workspace === null ? {} : { replace: homeRelative(plan, workspace.target) }),
    },
    { name: 'git configuration', entries: () => gitConfigEntries(plan) },
  ];
  const batches: Array<Step[] | readonly GuestCommand[]> = [];
  if (provider.preCopy.length === 0 && provider.verify.length === 0) {
    await copySteps(bottle, plan, options, [...beforeFiles, ...providerFiles, ...afterFiles], true);
    return result(options, leftOut, await registerSupervise(bottle, plan, options));
  }
  batches.push(beforeFiles, provider.preCopy, providerFiles, provider.verify, afterFiles);
  for (const [index, batch] of batches.entries()) {
    if (isCommands(batch)) await runCommands(bottle, batch, options);
    else await copySteps(bottle, plan, options, batch, index === 0);
  }
  return result(options, leftOut, await registerSupervise(bottle, plan, options));
}

const pick = ({ env, signal }: ProvisionOptions): Pick<ProvisionOptions, 'env' | 'signal'> =>
  signal === undefined ? { env } : { env, signal };

const isCommands = (batch: Step[] | readonly GuestCommand[]): batch is readonly GuestCommand[] =>
  batch.every((item) => 'argv' in item);

/** Longest list of files named in warnings; a workspace can be made to have any number of them. */
const maxNamed = 20;

/** An agent without the tools is none the worse but for them: failures are warnings. */
async function registerSupervise(
  bottle: Bottle,
  plan: BottlePlan,
  options: ProvisionOptions,
): Promise<string[]> {
  if (plan.superviseCommands.length === 0) return [];
  options.onProgress?.('supervise tools');
  try {
    await runCommands(bottle, plan.superviseCommands, options);
    return [];
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!BackendError.isInstance(error)) throw error;
    const said =
      typeof error.data['stderr'] === 'string' ? visibleLine(error.data['stderr'].trim(), 300) : '';
    return [`${error.message}${said === '' ? '' : `: ${said}`}`];
  }
}

function result(
  options: ProvisionOptions,
  leftOut: readonly FlaggedFile[],
  registration: readonly string[],
): ProvisionResult {
  const warnings = leftOut
    .slice(0, maxNamed)
    .map(({ path, rules }) => `${path} was left out of the workspace: ${rules.join(', ')}`);
  const more = leftOut.length - warnings.length;
  if (more > 0) warnings.push(`${more} more files were left out of the workspace`);
  const { fingerprint256: caFingerprint } = new X509Certificate(options.caPem);
  return { caFingerprint, leftOut, warnings: [...warnings, ...registration] };
}

async function copySteps(
  bottle: Bottle,
  plan: BottlePlan,
  options: ProvisionOptions,
  steps: readonly Step[],
  withCa: boolean,
): Promise<void> {
  let current = 'files';
  const entries = async function* (): AsyncGenerator<TarEntry> {
    await options.allowed;
    for (const { name, entries: of } of steps) {
      current = name;
      options.onProgress?.(name);
      yield* of();
    }
  };
  const copied = await copyIn(bottle, entries(), {
    root: plan.guestHome,
    env: options.env,
    ...replaced(steps),
    ...(withCa ? { checksum: homeRelative(plan, guestCaFile) } : {}),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  }).catch((error: unknown) => {
    throw stepFailed(current, error);
  });
  const expected = createHash('sha256').update(options.caPem).digest('hex');
  if (withCa && copied.sha256 !== expected) {
    throw new BackendError('provision_failed', 'the CA in the bottle is not the one that was made for it', {
      data: { expected, found: copied.sha256 },
    });
  }
}

/** A bottle that is relaunched must not keep files of a workspace that is copied anew. */
function replaced(steps: readonly Step[]): { replace?: string } {
  const replace = steps.find((step) => step.replace !== undefined)?.replace;
  return replace === undefined ? {} : { replace };
}

/** The error to throw for a failed step; what is neither ours nor the system's is a bug and stays as it is. */
function stepFailed(step: string, cause: unknown): unknown {
  if (BackendError.isInstance(cause)) {
    if (cause.code === 'provision_failed') return cause;
    const message = `the ${step} could not be copied into the bottle: ${cause.message}`;
    return new BackendError('provision_failed', message, { data: cause.data, cause });
  }
  if (!(cause instanceof Error && 'syscall' in cause)) return cause;
  return new BackendError('provision_failed', `the ${step} could not be copied into the bottle`, { cause });
}

async function runCommands(
  bottle: Bottle,
  commands: readonly GuestCommand[],
  options: ProvisionOptions,
): Promise<void> {
  for (const { argv, failureMessage, expectOutput } of commands) {
    const { code, stdout, stderr } = await execInBottle(bottle, argv, {
      env: options.env,
      maxOutput: 64 * 1024,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const failed =
      expectOutput === null ? code !== 0 : !stdout.includes(expectOutput) && !stderr.includes(expectOutput);
    if (failed)
      throw new BackendError('provision_failed', failureMessage, {
        data: { code, stderr: stderr.slice(0, 4096) },
      });
  }
}

async function* workspaceFiles(
  plan: BottlePlan,
  options: ProvisionOptions,
  leftOut: FlaggedFile[],
): AsyncGenerator<TarEntry> {
  if (plan.workspace === null) return;
  const { onProgress } = options;
  yield* workspaceEntries(plan.workspace, {
    target: homeRelative(plan, plan.workspace.target),
    knownSecrets: options.knownSecrets ?? [],
    onFlagged: (file) => leftOut.push(file),
    ...(onProgress === undefined ? {} : { onFile: (path: string) => onProgress(path) }),
  });
}

function gitConfigEntries(plan: BottlePlan): TarEntry[] {
  const content = guestGitConfig(plan);
  return content === null ? [] : [{ kind: 'text', path: '.gitconfig', mode: 0o644, content }];
}
