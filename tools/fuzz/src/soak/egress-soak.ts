import type { Route } from '@bot-bottle/egress';
import { startEgress } from '../sidecar/egress-process.ts';
import type { EgressProcess, HeldResources } from '../sidecar/egress-process.ts';
import type { ProcessFigures } from '../sidecar/process-figures.ts';
import { Starvation } from '../sidecar/starvation.ts';
import { DEAD_HOST, HOST, MUTE_HOST } from './contracts.ts';
import type { UpstreamStats } from './contracts.ts';
import { startLoad } from './load.ts';
import { pause } from './operations.ts';
import type { Scene } from './operations.ts';
import { Random } from './random.ts';
import { Tally } from './tally.ts';
import type { OperationCounts } from './tally.ts';
import { startUpstream } from './upstream.ts';

export interface SoakOptions {
  readonly seconds: number;
  readonly seed: number;
  /** upstreams go wrong, and the proxy is killed from time to time */
  readonly withFaults: boolean;
  readonly actors?: number;
  /** shortest and longest time between two kills, seconds; from when it serves; default 65 and 90, as a launcher waits longer each time for one that dies sooner */
  readonly killEvery?: readonly [number, number];
  readonly mostKills?: number;
  /** on a slow machine it goes on, up to a minute more, until every operation succeeded so often; default 1 */
  readonly least?: number;
  /** whether the program that is shipped is run, which must have been built; default false */
  readonly isBuilt?: boolean;
  /** silence after which the proxy gives up on either side, milliseconds; default 10 000 */
  readonly idleMs?: number;
  /** the longest that an agent reads an endless stream, milliseconds; default 15 000 */
  readonly streamMs?: number;
  /** told once in a while how it goes */
  readonly progress?: (text: string) => void;
}

export interface SoakResult {
  readonly seconds: number;
  readonly actors: number;
  readonly operations: Readonly<Record<string, OperationCounts>>;
  readonly kills: number;
  /** how long proxy, upstream and agents together were ready to run and had no core, milliseconds */
  readonly starvedMs: number;
  /** from a kill until the launcher says that it serves again, milliseconds, to a quarter of a second */
  readonly outagesMs: readonly number[];
  readonly rssMiB: { readonly fresh: number; readonly most: number; readonly last: number };
  readonly descriptors: { readonly fresh: number; readonly most: number; readonly last: number };
  readonly heapMiB: { readonly fresh: number; readonly last: number };
  readonly resources: { readonly fresh: Resources; readonly last: Resources };
  readonly upstream: UpstreamStats;
  readonly denials: Readonly<Record<string, number>>;
  /** everything that must not be; [] is a pass */
  readonly problems: readonly string[];
}
type Resources = HeldResources['resources'];

const CANARY = 'canary-zyxwvutsrqponmlkjihgfedcba';
const TOKEN = 'live-0123456789abcdefghijklmnop';
const MIB = 1024 * 1024;
/** An idle limit that faults run into during the soak, instead of the five minutes of a bottle. */
const IDLE_MS = 10_000;
const SAMPLE_MS = 250;
const EXTRA_MS = 60_000;
const OPERATION_MS = 120_000;
const SETTLE_MS = 45_000;
/**
 * Memory that a loaded proxy may take: the budget of 200 streams (150 MiB), that of held bodies (64 MiB), and what lies free
 * between blocks that are in use.
 */
const MOST_RSS_MIB = 240;
/** What a life may keep after it was loaded: caches of certificates, pools and compiled code. */
const KEPT_HEAP_MIB = 12;
/** Operations that a loaded machine may make late; more would hide what is wrong. */
const MOST_LATE = 0.01;

/** Loads the real egress process for so long and judges every answer, its memory, and what it keeps afterwards. */
export async function egressSoak(options: SoakOptions): Promise<SoakResult> {
  const upstream = await startUpstream({ canary: CANARY, authorization: `Bearer ${TOKEN}` });
  const denials: Record<string, number> = {};
  let egress: EgressProcess | null = null;
  try {
    egress = await startEgress({
      routes: routesFor(upstream.port, upstream.mutePort, upstream.deadPort),
      hosts: { [HOST]: '127.0.0.1', [MUTE_HOST]: '127.0.0.1', [DEAD_HOST]: '127.0.0.1' },
      secrets: { EGRESS_TOKEN_0: TOKEN, EGRESS_CANARY: CANARY },
      extraCa: upstream.ca,
      isBuilt: options.isBuilt ?? false,
      limits: { idle_ms: options.idleMs ?? IDLE_MS, connect_ms: 10_000, first_byte_ms: 10_000 },
      onEvents: (events) => count(events, denials),
    });
    const { port, mutePort, deadPort } = upstream;
    const scene: Scene = {
      port,
      mutePort,
      deadPort,
      canary: CANARY,
      streamMs: options.streamMs ?? 15_000,
      way: { socket: egress.socket, ca: egress.ca },
    };
    const { pid } = upstream;
    return await soak(options, egress, scene, { pid, stats: () => upstream.stats(), denials });
  } finally {
    await egress?.close();
    await upstream.stop();
  }
}

interface Watched {
  /** of the upstream */
  readonly pid: number;
  readonly stats: () => Promise<UpstreamStats>;
  readonly denials: Record<string, number>;
}

async function soak(
  options: SoakOptions,
  egress: EgressProcess,
  scene: Scene,
  { pid, stats, denials }: Watched,
): Promise<SoakResult> {
  const { seconds, seed, withFaults } = options;
  const actors = options.actors ?? 200;
  const starvation = new Starvation(() => [process.pid, egress.pid, pid]);
  const tally = new Tally((begun) => starvation.since(begun));
  const fresh = { figures: need(egress), held: await egress.held() };
  const most = { rss: fresh.figures.rssMiB, descriptors: fresh.figures.descriptors };
  const load = startLoad({ scene, tally, seed, withFaults, actors, limitMs: OPERATION_MS });
  const random = new Random(seed ^ 0x5eed);
  const [least, longest] = options.killEvery ?? [65, 90];
  const end = performance.now() + seconds * 1000;
  const isOver = (): boolean => {
    const late = performance.now() - end;
    return late >= EXTRA_MS || (late >= 0 && tally.isEach(options.least ?? 1));
  };
  const later = (): number => performance.now() + random.between(least, longest) * 1000;
  let nextKill = withFaults ? later() : Infinity;
  let wasServing = true;
  let nextWord = performance.now() + 30_000;
  let kills = 0;
  while (!isOver()) {
    await pause(SAMPLE_MS);
    starvation.sample();
    const figures = egress.figures();
    if (figures !== null) {
      most.rss = Math.max(most.rss, figures.rssMiB);
      most.descriptors = Math.max(most.descriptors, figures.descriptors);
    }
    if (egress.isServing) tally.up();
    if (egress.isServing && !wasServing) nextKill = later();
    wasServing = egress.isServing;
    // the last life gets time to be loaded before it is judged
    const mayKill =
      kills < (options.mostKills ?? Infinity) &&
      end - performance.now() > Math.min(least, seconds / 4) * 1000;
    if (mayKill && egress.isServing && performance.now() >= nextKill) {
      tally.down();
      egress.killHard();
      kills += 1;
      nextKill = Infinity;
      wasServing = false;
    }
    if (performance.now() >= nextWord) {
      nextWord += 30_000;
      options.progress?.(line(tally, figures));
    }
  }
  await load.stop();
  const last = await settled(egress, fresh.figures);
  const held = await egress.held();
  const seen = await stats();
  const result: Omit<SoakResult, 'problems'> = {
    seconds,
    actors,
    operations: Object.fromEntries(tally.counts),
    kills,
    starvedMs: starvation.totalMs,
    outagesMs: tally.outages.map(Math.round),
    rssMiB: { fresh: fresh.figures.rssMiB, most: most.rss, last: last.rssMiB },
    descriptors: {
      fresh: fresh.figures.descriptors,
      most: most.descriptors,
      last: last.descriptors,
    },
    heapMiB: { fresh: fresh.held.heapUsed / MIB, last: held.heapUsed / MIB },
    resources: { fresh: fresh.held.resources, last: held.resources },
    upstream: seen,
    denials,
  };
  return { ...result, problems: [...tally.problems, ...problemsOf(result, egress, options)] };
}

function problemsOf(
  result: Omit<SoakResult, 'problems'>,
  egress: EgressProcess,
  { withFaults }: SoakOptions,
): string[] {
  const { rssMiB, descriptors, heapMiB, resources, upstream, kills, operations } = result;
  const problems: string[] = [];
  const hold = (is: boolean, what: string): void => void (is || problems.push(what));
  hold(upstream.leaks === 0, `the canary reached the upstream ${upstream.leaks} times`);
  hold(upstream.unauthorized === 0, `${upstream.unauthorized} requests came without the credential`);
  hold(rssMiB.most <= MOST_RSS_MIB, `${Math.round(rssMiB.most)} MiB of memory, at most ${MOST_RSS_MIB}`);
  hold(descriptors.last <= descriptors.fresh, `${descriptors.last - descriptors.fresh} descriptors are left`);
  hold(
    heapMiB.last - heapMiB.fresh <= KEPT_HEAP_MIB,
    `${(heapMiB.last - heapMiB.fresh).toFixed(1)} MiB of heap are kept`,
  );
  for (const [kind, many] of Object.entries(resources.last)) {
    const before = resources.fresh[kind] ?? 0;
    hold(many <= before + (kind === 'Timeout' ? 1 : 0), `${many - before} of ${kind} are left`);
  }
  hold(egress.lives === kills + 1, `${egress.lives} lives after ${kills} kills`);
  hold(
    withFaults || Object.values(operations).every(({ excused }) => excused === 0),
    'the proxy was down though nobody killed it',
  );
  for (const [name, { ok }] of Object.entries(operations)) hold(ok > 0, `${name} never succeeded`);
  const sum = (key: 'ok' | 'late'): number =>
    Object.values(operations).reduce((total, counts) => total + counts[key], 0);
  hold(sum('late') <= sum('ok') * MOST_LATE, `${sum('late')} operations were late: the machine is too busy`);
  return problems;
}

/** Waits until nothing is open any more but what was at the start; gives up after a while. */
async function settled(egress: EgressProcess, fresh: ProcessFigures): Promise<ProcessFigures> {
  const end = performance.now() + SETTLE_MS;
  for (;;) {
    const now = egress.figures();
    const isDone = egress.isServing && now !== null && now.descriptors <= fresh.descriptors;
    if (isDone) return now;
    if (performance.now() > end) return need(egress);
    await pause(250);
  }
}

function need(egress: EgressProcess): ProcessFigures {
  const figures = egress.figures();
  if (figures === null) throw new Error('the egress process is gone');
  return figures;
}

function count(events: readonly unknown[], denials: Record<string, number>): void {
  for (const event of events) {
    const code: unknown = typeof event === 'object' && event !== null ? Reflect.get(event, 'code') : null;
    if (typeof code === 'string') denials[code] = (denials[code] ?? 0) + 1;
  }
}

function line(tally: Tally, figures: ProcessFigures | null): string {
  const all = [...tally.counts.values()];
  const sum = (key: keyof OperationCounts): number => all.reduce((total, counts) => total + counts[key], 0);
  const rss =
    figures === null ? 'down' : `${Math.round(figures.rssMiB)} MiB, ${figures.descriptors} descriptors`;
  return `${sum('ok')} ok, ${sum('excused')} excused, ${sum('late')} late, ${sum('wrong')} wrong, ${sum('hung')} hung; ${rss}`;
}

function routesFor(port: number, mutePort: number, deadPort: number): Route[] {
  const shared = {
    scheme: 'https',
    authorization: 'strip',
    agent_headers: [],
    env_secrets: [],
    git: { fetch: false },
    dlp: { outbound: ['known_secrets', 'token_patterns', 'canary', 'crlf'], inbound: [], on_match: 'block' },
    address_allowlist: ['127.0.0.1/32'],
    owner: 'manifest',
    expires_at: null,
    inject: false,
  } as const satisfies Partial<Route>;
  const auth = { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0', header: null, username: null } as const;
  const of = (host: string, at: number): Route => ({
    ...shared,
    agent_headers: [...shared.agent_headers],
    env_secrets: [...shared.env_secrets],
    dlp: { outbound: [...shared.dlp.outbound], inbound: [], on_match: 'block' },
    address_allowlist: [...shared.address_allowlist],
    host,
    ports: [at],
    path_allowlist: ['/v1', '/upload', '/download', '/sse', '/fault', '/x.git'],
    methods: ['GET', 'POST', 'HEAD'],
    auth,
  });
  return [of(HOST, port), of(MUTE_HOST, mutePort), of(DEAD_HOST, deadPort)];
}
