import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { eventually } from './eventually.ts';
import type { CliOptions, Outcome, World } from './world.ts';

export interface ListedState {
  readonly identity: string;
  readonly preserved: boolean;
  readonly started_at: string | null;
}

/** A headless run of an agent that is a shell: the prompt is its script. */
export async function start(
  world: World,
  script: string,
  args: readonly string[] = [],
  options: CliOptions = {},
): Promise<Outcome> {
  const fixed = ['start', 'worker', '--backend', 'bubblewrap', '--yes', '--headless', '--prompt', script];
  return await world.cli([...fixed, ...args], options);
}

/** The same in a bottle that is relaunched. */
export async function resume(
  world: World,
  identity: string,
  script: string,
  args: readonly string[] = [],
  options: CliOptions = {},
): Promise<Outcome> {
  const fixed = ['resume', identity, '--yes', '--headless', '--prompt', script];
  return await world.cli([...fixed, ...args], options);
}

export async function resumable(world: World): Promise<readonly ListedState[]> {
  return JSON.parse((await world.cli(['list', 'preserved', '--json'])).stdout) as ListedState[];
}

export async function onlyResumable(world: World): Promise<ListedState> {
  const [only, ...more] = await resumable(world);
  if (only === undefined || more.length > 0) throw new Error(`${more.length + 1} states, not one`);
  return only;
}

export interface Running {
  readonly launcher: ChildProcess;
  readonly identity: string;
}

/** An agent that says `up` when it did `script`, and then stays. */
export async function running(
  world: World,
  script: string,
  args: readonly string[] = [],
  options: CliOptions = {},
): Promise<Running> {
  const prompt = `${script}\necho up\nsleep 600`;
  const fixed = ['start', 'worker', '--backend', 'bubblewrap', '--yes', '--headless', '--prompt', prompt];
  const launcher = world.start([...fixed, ...args], options);
  let output = '';
  launcher.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  launcher.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await eventually(
    'the agent runs',
    () => {
      if (launcher.exitCode !== null) throw new Error(`the launch failed: ${output}`);
      return /^up$/m.test(output);
    },
    60_000,
  );
  const listed = JSON.parse((await world.cli(['list', 'active', '--json'])).stdout) as ListedState[];
  return { launcher, identity: listed[0]?.identity ?? '' };
}

/** The identity of a bottle whose launcher was killed after `script`. */
export async function killed(...args: Parameters<typeof running>): Promise<string> {
  const { launcher, identity } = await running(...args);
  const gone = once(launcher, 'exit');
  launcher.kill('SIGKILL');
  await gone;
  return identity;
}

export function stateDir(world: World, identity: string): string {
  return path.join(world.botBottleHome, 'state', identity);
}

export function metadataOf(world: World, identity: string): Record<string, unknown> {
  return JSON.parse(readFileSync(path.join(stateDir(world, identity), 'metadata.json'), 'utf8')) as Record<
    string,
    unknown
  >;
}

/** Writes the metadata anew, with other fields. */
export function changeMetadata(world: World, identity: string, changes: Record<string, unknown>): string {
  return world.write(
    `state/${identity}/metadata.json`,
    JSON.stringify({ ...metadataOf(world, identity), ...changes }),
  );
}

/** Where the home of a bottle is on the host. */
export function homeOf(world: World, identity: string): string {
  const base = world.operator.uid === 0 ? `/var/lib/bot-bottle/${identity}` : stateDir(world, identity);
  return path.join(base, 'home');
}

export const isThere = (file: string): boolean => existsSync(file);

/** A proposal that nobody answered, as a dead launcher leaves it. */
export function leaveProposal(world: World, identity: string, id: string, arrived: string): void {
  const request = {
    kind: 'egress-block',
    host: `host-of-${id.slice(0, 4)}.example`,
    ports: [443],
    path_allowlist: ['/\u001b]0;hostile\u0007\u202e'],
    methods: [],
    minutes: null,
    justification: 'please',
  };
  const proposal = { id, bottle: identity, sidecar: 'supervise', arrived, request };
  world.write(`queue/${identity}/proposals/${id}.json`, JSON.stringify(proposal));
  for (const folder of ['queue', `queue/${identity}`, `queue/${identity}/proposals`]) {
    chownSync(path.join(world.botBottleHome, folder), world.operator.uid, world.operator.uid);
  }
}
