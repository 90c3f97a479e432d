import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import {
  checkArguments,
  checkVersion,
  PipelockError,
  pipelockSidecarSchema,
  parseConfig,
  runArguments,
  sidecarFiles,
  versionArguments,
  type PipelockSidecarConfig,
} from '@bot-bottle/pipelock';
import { GuardError } from './errors.ts';
import { isTaken } from './owns-listener.ts';
import { runOnce } from './run-once.ts';
import { waitUntilHealthy } from './wait-until-healthy.ts';
import { writeFiles } from './write-files.ts';

const SHORT_MS = 10_000;
const GRACE_MS = 5_000;

export interface RunningGuard {
  readonly version: string;
  readonly listen: string;
  /** resolves when pipelock ended, whoever ended it; never rejects */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Ends it: it may finish what it does for 5 s. */
  stop(): Promise<void>;
}

export interface GuardOptions {
  /** not validated yet */
  readonly config: unknown;
  /** PEM key of pipelock's CA */
  readonly caKey: string;
  /** file descriptor, or stream with one, that its log goes to */
  readonly log: number;
  /** milliseconds until it must be healthy, default 10,000 */
  readonly healthMs?: number;
}

/**
 * Writes the files of pipelock, has it check its version and configuration, starts it, and resolves when it serves.
 *
 * @throws GuardError when it does not, with what it said
 */
export async function startGuard(options: GuardOptions): Promise<RunningGuard> {
  const config = checked(options.config);
  const configPath = join(config.folder, sidecarFiles.config);
  await writeFiles(config, options.caKey);
  // Nothing else: what it scans for in its own environment would be what it is told there.
  const env = { HOME: config.folder, SSL_CERT_FILE: join(config.folder, sidecarFiles.roots) };
  const version = await versionOf(config, env);
  await accepted(config, configPath, env);
  if (isTaken(Number(config.listen.split(':')[1])))
    throw new GuardError(`something else listens on ${config.listen}`);
  const child = spawn(config.program, runArguments(configPath, config.listen), {
    env,
    cwd: config.folder,
    stdio: ['ignore', options.log, options.log],
  });
  const ended = endOf(child);
  const over = new AbortController();
  void ended.then(() => over.abort());
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    await ended;
    clearTimeout(timer);
  };
  if (await waitUntilHealthy(child.pid ?? 0, config.listen, options.healthMs ?? SHORT_MS, over.signal))
    return { version, listen: config.listen, ended, stop };
  const why = over.signal.aborted ? 'ended at once' : 'is not healthy, or does not do what it was told';
  await stop();
  throw new GuardError(`pipelock ${why}: see its log`);
}

function checked(given: unknown): PipelockSidecarConfig {
  const parsed = pipelockSidecarSchema.safeParse(given);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      ({ path, message }) => `${path.join('.') || 'config'}: ${message}`,
    );
    throw new GuardError('the configuration of the sidecar is not valid', problems);
  }
  try {
    parseConfig(parsed.data.config);
  } catch (error) {
    if (PipelockError.isInstance(error)) throw new GuardError(error.message, error.problems, error);
    throw error;
  }
  return parsed.data;
}

async function versionOf({ program }: PipelockSidecarConfig, env: Record<string, string>): Promise<string> {
  const { code, output } = await runOnce(program, versionArguments, { env, limitMs: SHORT_MS });
  if (code !== 0) throw new GuardError('the pipelock program does not run', lastLines(output));
  try {
    return checkVersion(output);
  } catch (error) {
    if (PipelockError.isInstance(error)) throw new GuardError(error.message, [], error);
    throw error;
  }
}

async function accepted(
  { program }: PipelockSidecarConfig,
  path: string,
  env: Record<string, string>,
): Promise<void> {
  const { code, output } = await runOnce(program, checkArguments(path), { env, limitMs: SHORT_MS });
  if (code !== 0) throw new GuardError('pipelock refuses its configuration', lastLines(output));
}

const lastLines = (output: string): string[] => output.trim().split('\n').slice(-5);

function endOf(child: ChildProcess): RunningGuard['ended'] {
  return new Promise((resolve) => {
    child.once('error', () => resolve({ code: null, signal: null }));
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}
