import { readFileSync } from 'node:fs';
import type { BenchRow } from '../bench-row.ts';
import { BENCH_HOST, benchFolder, FRESH_HOSTS } from './bench-certificates.ts';
import type { BenchFolder } from './bench-certificates.ts';
import { ChildProgram } from './child-program.ts';
import { startMitmdump, startOurs, startSquid } from './proxies.ts';
import type { BenchProxy } from './proxies.ts';
import type { Way } from './tunnel-client.ts';

export interface EgressBenchOptions {
  /** seconds of each throughput measurement; default 6 */
  readonly seconds?: number;
  /** measurements of each figure, of which the median counts; default 3 */
  readonly rounds?: number;
  /** told what is being measured */
  readonly progress?: (text: string) => void;
}

const MIB = 1024 * 1024;
const BULK_BYTES = 100 * MIB;
const STREAMS = 200;
const SSE_EVENTS = 60;
const MESSAGES = 500;

interface Run {
  readonly folder: BenchFolder;
  readonly upstreamPort: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly progress: (text: string) => void;
}

/**
 * Measures the egress sidecar against mitmdump, squid and the direct way, in one run on one machine: the proxy has a
 * core of its own, load and upstream share the other. A peer that is not installed leaves its row unjudged.
 */
export async function egressBench(options: EgressBenchOptions = {}): Promise<BenchRow[]> {
  const folder = await benchFolder();
  const upstream = new ChildProgram('./upstream-program.ts', folder.certificates);
  try {
    const { port = 0 } = await upstream.next();
    const run: Run = {
      folder,
      upstreamPort: port,
      seconds: options.seconds ?? 6,
      rounds: options.rounds ?? 3,
      progress: options.progress ?? (() => undefined),
    };
    return [...(await throughputRows(run)), ...(await singleRows(run))];
  } finally {
    await upstream.stop();
    await folder.remove();
  }
}

interface Throughput {
  /** requests per second */
  readonly rate: number;
  /** processor time of the proxy for one request, microseconds: what other work on the machine changes least */
  readonly cpu: number;
}

async function throughputRows(run: Run): Promise<BenchRow[]> {
  const rates = { ours: [] as Throughput[], mitmdump: [] as Throughput[], squid: [] as Throughput[] };
  // interleaved, so that a busy moment of the machine hits all alike
  for (let round = 0; round < run.rounds; round += 1) {
    run.progress(`throughput, round ${round + 1} of ${run.rounds}`);
    await withProxy(startOurs(run.folder, [run.upstreamPort]), async (proxy) =>
      rates.ours.push(await throughput(run, proxy)),
    );
    await withProxy(startMitmdump(run.folder), async (proxy) =>
      rates.mitmdump.push(await throughput(run, proxy)),
    );
    await withProxy(startSquid(run.folder), async (proxy) => rates.squid.push(await throughput(run, proxy)));
  }
  const ours = medians(rates.ours);
  const row = (peer: string, values: readonly Throughput[], factor: number): BenchRow => {
    const theirs = values.length === 0 ? null : medians(values);
    const ratio = theirs === null ? null : ours.rate / theirs.rate;
    return {
      name: `egress throughput against ${peer}`,
      value: ours.rate,
      unit: 'req/s',
      peer,
      peerValue: theirs?.rate ?? null,
      ratio,
      budget: `>= ${factor} x`,
      ok: ratio === null ? null : ratio >= factor,
      note:
        theirs === null
          ? `${peer} is not installed`
          : `keep-alive, 1 KiB each way, c=16, TLS on both sides, injection and default DLP on; processor time a request ${ours.cpu.toFixed(0)} and ${theirs.cpu.toFixed(0)} us`,
    };
  };
  return [row('mitmdump', rates.mitmdump, 7), row('squid', rates.squid, 0.6)];
}

function medians(values: readonly Throughput[]): Throughput {
  return { rate: median(values.map(({ rate }) => rate)), cpu: median(values.map(({ cpu }) => cpu)) };
}

async function throughput(run: Run, proxy: BenchProxy): Promise<Throughput> {
  const load = new ChildProgram('./load-program.ts', {
    way: wayOf(run, proxy.port),
    connections: 16,
    seconds: run.seconds,
  });
  try {
    await load.next();
    const before = processorTime(proxy.pid);
    const { rate = Number.NaN, count = Number.NaN } = await load.next();
    return { rate, cpu: (processorTime(proxy.pid) - before) / count };
  } finally {
    await load.stop();
  }
}

/** Microseconds that a process has used; proc_pid_stat(5) counts in hundredths of a second. */
function processorTime(pid: number): number {
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user, system] = fields.split(' ').slice(11, 13).map(Number);
  return ((user ?? Number.NaN) + (system ?? Number.NaN)) * 10_000;
}

async function singleRows(run: Run): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  await withProxy(startOurs(run.folder, [run.upstreamPort]), async (proxy) => {
    const through = wayOf(run, proxy.port);
    const direct = wayOf(run, null);
    run.progress('first request to a new host');
    rows.push(await firstHostRow(run, proxy));
    run.progress('server-sent events');
    rows.push(
      difference(
        'added time per SSE event',
        await measure(run, 'sse', through, SSE_EVENTS, 'median'),
        await measure(run, 'sse', direct, SSE_EVENTS, 'median'),
        1,
      ),
    );
    run.progress('WebSocket messages');
    rows.push(
      difference(
        'added time per WebSocket message, there and back',
        await measure(run, 'websocket', through, MESSAGES, 'median'),
        await measure(run, 'websocket', direct, MESSAGES, 'median'),
        null,
      ),
    );
    run.progress('100 MiB down and up');
    const bulk = async (what: 'download' | 'upload', budget: number, label: string) =>
      rows.push(
        ratioRow(
          label,
          await measure(run, what, through, BULK_BYTES, 'mibPerSecond'),
          await measure(run, what, direct, BULK_BYTES, 'mibPerSecond'),
          budget,
        ),
      );
    await bulk('download', 0.4, '100 MiB download');
    await bulk('upload', 0.15, '100 MiB upload with DLP');
  });
  await withProxy(startOurs(run.folder, [run.upstreamPort]), async (proxy) => {
    run.progress(`${STREAMS} streams`);
    rows.push(await memoryRow(run, proxy));
  });
  return rows;
}

async function firstHostRow(run: Run, proxy: BenchProxy): Promise<BenchRow> {
  const cold: number[] = [];
  const warm: number[] = [];
  const time = async (host: string): Promise<number> => {
    const way = { ...wayOf(run, proxy.port), authority: `${host}:${run.upstreamPort}` };
    const program = new ChildProgram('./measure-program.ts', { what: 'first', way, count: 2 });
    // the first opening of a client process also pays for loading it
    const first = await program.next();
    const second = await program.next();
    await program.stop();
    (host === BENCH_HOST ? warm : cold).push(first['ms'] ?? Number.NaN);
    return second['ms'] ?? Number.NaN;
  };
  await time(BENCH_HOST);
  warm.length = 0;
  for (const host of FRESH_HOSTS) {
    await time(host);
    await time(BENCH_HOST);
  }
  const added = median(cold) - median(warm);
  return {
    name: 'first request to a new host over a warm one',
    value: added,
    unit: 'ms',
    peer: 'warm host',
    peerValue: median(warm),
    ratio: null,
    budget: '<= 10 ms',
    ok: added <= 10,
    note: `medians of ${FRESH_HOSTS.length}, upstream connection included`,
  };
}

async function memoryRow(run: Run, proxy: BenchProxy): Promise<BenchRow> {
  const program = new ChildProgram('./measure-program.ts', {
    what: 'hold',
    way: wayOf(run, proxy.port),
    count: STREAMS,
  });
  await program.next();
  const status = readFileSync(`/proc/${proxy.pid}/status`, 'utf8');
  const mib = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1024;
  await program.stop();
  return {
    name: `RSS of egress with ${STREAMS} streams`,
    value: mib,
    unit: 'MiB',
    peer: null,
    peerValue: null,
    ratio: null,
    budget: '<= 150 MiB',
    ok: mib <= 150,
    note: null,
  };
}

async function measure(
  run: Run,
  what: 'sse' | 'websocket' | 'download' | 'upload',
  way: Way,
  count: number,
  field: string,
): Promise<number> {
  const values: number[] = [];
  for (let round = 0; round < run.rounds; round += 1) {
    const program = new ChildProgram('./measure-program.ts', { what, way, count });
    values.push((await program.next())[field] ?? Number.NaN);
    await program.stop();
  }
  return median(values);
}

function difference(name: string, value: number, direct: number, budget: number | null): BenchRow {
  const added = value - direct;
  return {
    name,
    value: added,
    unit: 'ms',
    peer: 'direct',
    peerValue: direct,
    ratio: null,
    budget: budget === null ? null : `<= ${budget} ms`,
    ok: budget === null ? null : added <= budget,
    note: 'medians',
  };
}

function ratioRow(name: string, value: number, direct: number, budget: number): BenchRow {
  const ratio = value / direct;
  return {
    name,
    value,
    unit: 'MiB/s',
    peer: 'direct',
    peerValue: direct,
    ratio,
    budget: `>= ${budget} x`,
    ok: ratio >= budget,
    note: null,
  };
}

async function withProxy(
  starting: Promise<BenchProxy | null>,
  use: (proxy: BenchProxy) => Promise<unknown>,
): Promise<void> {
  const proxy = await starting;
  if (proxy === null) return;
  try {
    await use(proxy);
  } finally {
    await proxy.stop();
  }
}

function wayOf(run: Run, proxyPort: number | null): Way {
  return { proxyPort, authority: `${BENCH_HOST}:${run.upstreamPort}`, ca: run.folder.authority.cert };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
