import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import {
  botBottleHome,
  ensureHome,
  loadSettings,
  pathLookup,
  runtimeDir,
  ensureControlDir,
} from '@bot-bottle/backend';
import { visibleLine } from '@bot-bottle/audit';
import {
  checkVersion,
  installHint,
  PipelockError,
  pipelockProgram,
  versionArguments,
} from '@bot-bottle/pipelock';
import type { Io } from '../io.ts';
import { builtBackends } from '../launch/choose-backend.ts';

export interface Check {
  readonly name: string;
  /** missing: bottles do not work without it; optional: not there, and only some things need it */
  readonly status: 'ok' | 'missing' | 'optional';
  /** what was found, or what is wrong; safe to print */
  readonly detail: string;
  /** what to do, null when there is nothing to do */
  readonly remedy: string | null;
}

/** Looks at everything that bottles need or use; the order is the order of importance. */
export async function checkMachine(io: Pick<Io, 'env'>): Promise<Check[]> {
  const lookup = pathLookup(`${io.env['PATH'] ?? ''}:/usr/sbin:/sbin`);
  const program = async (
    name: string,
    args: readonly string[],
    need: Check['status'],
    remedy: string,
    file = name,
  ): Promise<Check> => {
    const path = await lookup(file);
    if (path === null) return { name, status: need, detail: 'not installed', remedy };
    return { name, status: 'ok', detail: `${await versionOf(path, args)} (${path})`, remedy: null };
  };
  return await Promise.all([
    checkNode(),
    program('bwrap', ['--version'], 'missing', 'install bubblewrap, e.g. sudo apt-get install bubblewrap'),
    checkBackend(),
    checkFolder('home', io),
    checkFolder('sockets', io),
    checkSettings(io),
    program(
      'git',
      ['--version'],
      'optional',
      'install git, e.g. sudo apt-get install git: agents and the git gate use it',
    ).then(withRecentGit),
    program(
      'ssh',
      ['-V'],
      'optional',
      'install ssh, e.g. sudo apt-get install openssh-client: the git gate needs it',
    ),
    program(
      'gitleaks',
      ['version'],
      'optional',
      'install gitleaks: the git gate scans with it; without it, with its own detectors',
    ),
    program(
      'pipelock',
      versionArguments,
      'optional',
      `only for egress.guard: pipelock: ${installHint}`,
      pipelockProgram(io.env),
    ).then(withRecentPipelock),
    checkEngine(io),
    program(
      'claude',
      ['--version'],
      'optional',
      'npm install -g @anthropic-ai/claude-code, for the claude provider',
    ),
  ]);
}

async function checkNode(): Promise<Check> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isNew = major > 22 || (major === 22 && minor >= 18);
  return {
    name: 'node',
    status: isNew ? 'ok' : 'missing',
    detail: `${process.version} (${process.execPath})`,
    remedy: isNew ? null : 'install Node.js 22.18 or newer',
  };
}

async function checkBackend(): Promise<Check> {
  const name = 'user namespaces';
  const backend = await builtBackends.bubblewrap?.(null);
  const found = await backend?.probe();
  if (found === undefined)
    return { name, status: 'missing', detail: 'no backend in this build', remedy: null };
  if (found.available)
    return {
      name,
      status: 'ok',
      detail: `a bottle can be made (${visibleLine(found.detail)})`,
      remedy: null,
    };
  return { name, status: 'missing', detail: visibleLine(found.reason), remedy: visibleLine(found.remedy) };
}

/** The engine that settings.yml names, else the usual one. */
async function checkEngine({ env }: Pick<Io, 'env'>): Promise<Check> {
  const name = 'docker';
  // What is wrong with the settings, their own line says.
  const settings = await loadSettings(botBottleHome(env)).catch(() => null);
  const found = await (await builtBackends.docker?.(settings))?.probe();
  if (found?.available === true)
    return { name, status: 'ok', detail: visibleLine(found.detail), remedy: null };
  return {
    name,
    status: 'optional',
    detail: visibleLine(found?.reason ?? 'not in this build'),
    remedy: `only for the docker backend: ${visibleLine(found?.remedy ?? 'use another one')}`,
  };
}

async function checkFolder(name: 'home' | 'sockets', { env }: Pick<Io, 'env'>): Promise<Check> {
  const path = name === 'home' ? botBottleHome(env) : runtimeDir(env);
  try {
    await (name === 'home' ? ensureHome(path) : ensureControlDir(path));
    return { name, status: 'ok', detail: visibleLine(path), remedy: null };
  } catch (error) {
    return failed(name, error);
  }
}

async function checkSettings({ env }: Pick<Io, 'env'>): Promise<Check> {
  const home = botBottleHome(env);
  try {
    const settings = await loadSettings(home);
    return {
      name: 'settings',
      status: 'ok',
      detail: `backend: ${settings.backend ?? 'first that works'}`,
      remedy: null,
    };
  } catch (error) {
    return failed('settings', error);
  }
}

function failed(name: string, error: unknown): Check {
  const hint: unknown = error instanceof Error && 'hint' in error ? error.hint : null;
  return {
    name,
    status: 'missing',
    detail: visibleLine(error instanceof Error ? error.message : 'unknown failure'),
    remedy: typeof hint === 'string' ? visibleLine(hint) : null,
  };
}

async function versionOf(path: string, args: readonly string[]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const env = { PATH: process.env['PATH'] ?? '', HOME: homedir() };
  execFile(path, [...args], { timeout: 5000, encoding: 'utf8', env }, (_error, stdout, stderr) => {
    resolve(`${stdout}${stderr}`.trim().split('\n')[0] ?? '');
  });
  return visibleLine(await promise, 80) || 'version unknown';
}

/** The git gate refuses a git that does not read its configuration from the environment (2.31 is the first). */
function withRecentGit(check: Check): Check {
  const [, major, minor] = /\b(\d+)\.(\d+)/.exec(check.detail) ?? [];
  const isOld = Number(major) < 2 || (Number(major) === 2 && Number(minor) < 31);
  if (check.status !== 'ok' || !isOld) return check;
  return { ...check, status: 'optional', remedy: 'install git 2.31 or newer: the git gate needs it' };
}

/** The version that is shown is the first line of what the program prints. */
function withRecentPipelock(check: Check): Check {
  if (check.status !== 'ok') return check;
  try {
    checkVersion(check.detail.replace(/ \([^()]*\)$/, ''));
    return check;
  } catch (error) {
    if (!PipelockError.isInstance(error)) throw error;
    return { ...check, status: 'optional', remedy: `${error.message}: only for egress.guard: pipelock` };
  }
}
