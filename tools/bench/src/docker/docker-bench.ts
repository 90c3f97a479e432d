import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchRow } from '../bench-row.ts';
import { mediansInTurn, timedRun, type TimedCommand } from '../start-up/timed-run.ts';
import { medianSteps, stepsIn, type StepTime } from './launch-steps.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const cli = join(root, 'apps/cli/bin/bot-bottle.js');
const ROUNDS = 11;
const STEP_ROUNDS = 5;
const MAX_RATIO = 5.5;
const BUILD_LIMIT_MS = 10 * 60_000;
/** Base that `npm run images` makes without a registry. */
const offlineBase = 'bot-bottle/base:offline';

/** A whole bottle in containers that does nothing, against one bare container of the same image, in turn. */
export async function dockerBench(): Promise<BenchRow[]> {
  const row = { name: 'Docker bottle, run … -- true', unit: 'ms', budget: `≤ ${MAX_RATIO} ×` };
  const folder = mkdtempSync(join(tmpdir(), 'bot-bottle-bench-'));
  try {
    const env = { ...surroundings(folder), BOT_BOTTLE_HOME: writeHome(folder) };
    const bench = new DockerBench(folder, env);
    const image = bench.buildImages();
    const { value, peerValue } = await bench.startUp(image);
    const ratio = value / peerValue;
    const note = `medians of ${ROUNDS}, egress and supervise on, teardown included`;
    const peer = { peer: 'docker run --rm … true', peerValue, ratio };
    return [
      { ...row, value, ...peer, ok: ratio <= MAX_RATIO, note },
      ...bench.stepRows(),
      ...bench.sizeRows(),
    ];
  } catch (error) {
    const note = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return [{ ...row, value: Number.NaN, ok: null, note }];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

class DockerBench {
  readonly #folder: string;
  readonly #env: Readonly<Record<string, string>>;

  constructor(folder: string, env: Readonly<Record<string, string>>) {
    this.#folder = folder;
    this.#env = env;
  }

  /** Makes the images that the bottle needs, and tells that of the agent. */
  buildImages(): string {
    const names = ['sidecar-egress', 'sidecar-supervise', 'sidecar-git-gate', 'agent-command'];
    const { images } = JSON.parse(this.#cli(['--quiet', 'images', 'build', '--json', ...names])) as {
      images: ReadonlyArray<{ name: string; reference: string }>;
    };
    const agent = images.find(({ name }) => name === 'agent-command');
    if (agent === undefined) throw new Error('the image of the agent was not built');
    return agent.reference;
  }

  async startUp(image: string): Promise<{ readonly value: number; readonly peerValue: number }> {
    const command = (...argv: [string, ...string[]]): TimedCommand => ({
      argv,
      env: this.#env,
      cwd: this.#folder,
    });
    const ours = command(process.execPath, cli, '--quiet', ...run);
    const theirs = command('docker', 'run', '--rm', image, 'true');
    // The first of each fills caches and makes the shared network.
    for (const each of [ours, theirs]) await timedRun(each);
    const [value = Number.NaN, peerValue = Number.NaN] = await mediansInTurn([ours, theirs], ROUNDS);
    return { value, peerValue };
  }

  /** Where the time goes, as the launcher itself tells it. Steps overlap. */
  stepRows(): BenchRow[] {
    const launches = Array.from({ length: STEP_ROUNDS }, () => stepsIn(this.#verbose()));
    const steps: readonly StepTime[] = medianSteps(launches);
    const before = { what: 'before the first step', fromMs: 0, tookMs: steps[0]?.fromMs ?? Number.NaN };
    return [before, ...steps].map(({ what, fromMs, tookMs }) => ({
      name: `Docker bottle: ${what}`,
      value: tookMs,
      unit: 'ms',
      ok: null,
      note: `from ${Math.round(fromMs)} ms on`,
    }));
  }

  /** Unpacked sizes of what launches take; the base is a part of each. */
  sizeRows(): BenchRow[] {
    const images = JSON.parse(this.#cli(['images', 'list', '--json'])) as ReadonlyArray<{
      name: string;
      id: string;
      bytes: number;
      current: boolean;
    }>;
    const base = this.#baseBytes();
    const current = images.filter((image) => image.current && image.name !== 'agent-own');
    const rows = new Map(current.map((image) => [image.id, image]));
    return [...rows.values()].map(({ name, bytes }) => ({
      name: `image ${name}`,
      value: bytes / 1e6,
      unit: 'MB',
      ok: null,
      note: name === 'base' ? 'shared by all' : `${((bytes - base) / 1e6).toFixed(1)} MB without the base`,
    }));
  }

  #baseBytes(): number {
    const base = this.#env['BOT_BOTTLE_BASE_IMAGE'] ?? '';
    return Number(said('docker', ['image', 'inspect', '--format', '{{.Size}}', base], this.#env).stdout);
  }

  #verbose(): string {
    return said(process.execPath, [cli, '--verbose', ...run], this.#env).stderr;
  }

  #cli(args: readonly string[]): string {
    return said(process.execPath, [cli, ...args], this.#env).stdout;
  }
}

const run = ['run', 'bench', '--backend', 'docker', '--yes', '--', 'true'] as const;

/** What a command that must succeed writes. */
function said(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): { readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr } = spawnSync(file, args, {
    env: { ...env },
    encoding: 'utf8',
    timeout: BUILD_LIMIT_MS,
    maxBuffer: 16 * 1024 * 1024,
  });
  if (status === 0) return { stdout, stderr };
  throw new Error(`${args.slice(0, 4).join(' ')}: ${(stderr ?? '').trim() || `exit code ${String(status)}`}`);
}

function writeHome(folder: string): string {
  const home = join(folder, 'bot-bottle');
  for (const name of ['', 'bottles', 'agents']) mkdirSync(join(home, name), { mode: 0o700 });
  const bottle = [
    'agent_provider: { template: command, command: [sh] }',
    'supervise: true',
    'egress: { routes: [{ host: example.com }] }',
  ];
  writeFileSync(join(home, 'bottles/bench.md'), ['---', ...bottle, '---', ''].join('\n'), { mode: 0o600 });
  writeFileSync(join(home, 'agents/bench.md'), '---\nbottle: bench\n---\n', { mode: 0o600 });
  chmodSync(folder, 0o755);
  return home;
}

function surroundings(folder: string): Record<string, string> {
  const { PATH: path = '/usr/bin:/bin', LD_LIBRARY_PATH: libraries, DOCKER_HOST: host } = process.env;
  const env: Record<string, string> = {
    HOME: folder,
    PATH: path,
    ...(libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries }),
    ...(host === undefined ? {} : { DOCKER_HOST: host }),
  };
  return { ...env, BOT_BOTTLE_BASE_IMAGE: baseImage(env) };
}

/** The named one, the usual one where the engine has it, else the one that is made without a registry. */
function baseImage(env: Readonly<Record<string, string>>): string {
  const named = process.env['BOT_BOTTLE_BASE_IMAGE'] ?? '';
  if (named !== '') return named;
  const usual = 'node:24-slim';
  const has = (image: string): boolean =>
    spawnSync('docker', ['image', 'inspect', image], { env: { ...env }, stdio: 'ignore' }).status === 0;
  return !has(usual) && has(offlineBase) ? offlineBase : usual;
}
