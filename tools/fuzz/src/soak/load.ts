import { ConnectionLost } from '../http/agent.ts';
import type { AgentStream } from '../http/agent.ts';
import { upstreamFault } from './fault-operations.ts';
import {
  cleanUpload,
  deniedBody,
  deniedHost,
  deniedRequest,
  download,
  events,
  keepAlive,
  pause,
  slowDownload,
} from './operations.ts';
import type { Operation, Scene, Verdict } from './operations.ts';
import { Random } from './random.ts';
import type { Tally } from './tally.ts';

/** How many of 200 actors do what, all the time. */
const steady: ReadonlyArray<readonly [string, Operation, number]> = [
  ['keep-alive', keepAlive, 70],
  ['events', events, 40],
  ['download', download, 15],
  ['slow download', slowDownload, 15],
  ['upload', cleanUpload, 12],
  ['denied host', deniedHost, 20],
  ['denied body', deniedBody, 8],
  ['denied request', deniedRequest, 20],
];
const faulty: typeof steady = [
  ...steady.map(([name, run, many]) => [name, run, Math.round(many * 0.8)] as const),
  ['upstream fault', upstreamFault, 40],
];

export interface LoadOptions {
  readonly scene: Scene;
  readonly tally: Tally;
  readonly seed: number;
  readonly withFaults: boolean;
  /** agents at a time; default 200 */
  readonly actors?: number;
  /** the longest that one operation may take, milliseconds */
  readonly limitMs: number;
}

export interface Load {
  /** Begins nothing new and resolves when what runs is over. */
  stop(): Promise<void>;
}

/** Starts agents that do one operation after the other until they are stopped. */
export function startLoad(options: LoadOptions): Load {
  const mix = options.withFaults ? faulty : steady;
  const roles = mix.flatMap(([name, run, many]) => Array.from({ length: many }, () => ({ name, run })));
  const wanted = options.actors ?? 200;
  for (const [name] of mix) options.tally.of(name);
  const state = { isStopping: false };
  const running = Array.from({ length: wanted }, (_, i) => {
    const role = roles[Math.floor((i * roles.length) / wanted)] ?? roles[0];
    if (role === undefined) throw new Error('no roles');
    return actor(role.name, role.run, options, new Random(options.seed * 1000 + i), state);
  });
  return {
    stop: async () => {
      state.isStopping = true;
      await Promise.all(running);
    },
  };
}

async function actor(
  name: string,
  run: Operation,
  { scene, tally, limitMs }: LoadOptions,
  random: Random,
  state: { readonly isStopping: boolean },
): Promise<void> {
  // not all at once
  await pause(random.below(2000));
  while (!state.isStopping) {
    const begun = performance.now();
    const streams: AgentStream[] = [];
    const own = (stream: AgentStream): AgentStream => {
      streams.push(stream);
      return stream;
    };
    tally.record(name, begun, await limited(run(scene, random, own), limitMs));
    for (const stream of streams) stream.destroy();
    await pause(random.between(100, 2000));
  }
}

async function limited(operation: Promise<Verdict>, limitMs: number): Promise<Verdict | 'hung'> {
  const { promise, resolve } = Promise.withResolvers<'hung'>();
  const timer = setTimeout(() => resolve('hung'), limitMs);
  try {
    return await Promise.race([operation, promise]);
  } catch (error) {
    if (error instanceof ConnectionLost) return { lost: error.message };
    return { wrong: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  } finally {
    clearTimeout(timer);
  }
}
