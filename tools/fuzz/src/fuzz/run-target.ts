import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { corpusOf } from './corpus.ts';
import { minimize } from './minimize.ts';
import { mutated } from './mutation.ts';
import { startWatchdog } from './watchdog.ts';
import type { FuzzTarget, OpenTarget } from './target.ts';

export interface FuzzOptions {
  readonly seed: number;
  readonly seconds: number;
  /** inputs after which it ends earlier; default none */
  readonly inputs?: number;
}

export interface Crash {
  readonly message: string;
  readonly minimal: Buffer;
  /** where the minimal input was saved */
  readonly file: string;
}

export interface FuzzResult {
  readonly inputs: number;
  readonly bytes: number;
  /** inputs that got beyond the first refusal */
  readonly accepted: number;
  /** most that the heap grew between two full collections, MiB; null without `--expose-gc` */
  readonly heapGrowthMiB: number | null;
  readonly crash: Crash | null;
}

export const resultsFolder = path.resolve(import.meta.dirname, '../../../../fuzz-results');
const BATCH = 256;
const DEFAULT_LIMIT_MS = 10_000;
/** A loop without end is only known by its time; nothing here should need a hundredth of this. */
const HANG_MS = 60_000;
/** What a pure function may leave behind: caches and compiled code. */
const KEPT_MIB = 96;
const MIB = 1024 * 1024;

/** Feeds the seeds as they are and then mutations of them, and stops at the first input that breaks the target. */
export async function runTarget(target: FuzzTarget, options: FuzzOptions): Promise<FuzzResult> {
  mkdirSync(resultsFolder, { recursive: true });
  const seeds = [...corpusOf(target.name), ...(target.seeds?.() ?? [])];
  const inputs = mutated(seeds, target.words);
  const limitMs = target.limitMs ?? DEFAULT_LIMIT_MS;
  const watchdog = startWatchdog(target.name, resultsFolder, Math.max(HANG_MS, 2 * limitMs));
  const open = await target.open();
  const stray = catchStray();
  const run = async (bytes: Buffer): Promise<boolean> => {
    const accepted = await within(open, bytes, limitMs, watchdog);
    stray.check();
    return accepted;
  };
  const count = { inputs: 0, bytes: 0, accepted: 0 };
  const end = performance.now() + options.seconds * 1000;
  const most = options.inputs ?? Number.POSITIVE_INFINITY;
  const heapBefore = collectedHeap();
  try {
    let batch = seeds;
    for (let number = 0; count.inputs < most && (number === 0 || performance.now() < end); number += 1) {
      const failed = await feed(
        batch,
        run,
        target.concurrency ?? 1,
        count,
        most,
        number === 0 ? Infinity : end,
      );
      if (failed !== null) return { ...count, heapGrowthMiB: null, crash: await save(target, failed, run) };
      batch = fc.sample(inputs, { numRuns: BATCH, seed: options.seed + number });
    }
    const heapAfter = collectedHeap();
    const heapGrowthMiB = heapBefore === null || heapAfter === null ? null : (heapAfter - heapBefore) / MIB;
    const crash =
      heapGrowthMiB !== null && heapGrowthMiB > KEPT_MIB
        ? { message: `${heapGrowthMiB.toFixed(0)} MiB of heap are kept`, minimal: Buffer.alloc(0), file: '' }
        : null;
    return { ...count, heapGrowthMiB, crash };
  } finally {
    stray.stop();
    await open.close?.();
    await watchdog.stop();
  }
}

/** Errors that reached nobody, which end a program: they are told as those of the input that was read then. */
function catchStray(): { readonly check: () => void; readonly stop: () => void } {
  let stray: unknown = null;
  const keep = (error: unknown): void => void (stray ??= error ?? new Error('something empty was thrown'));
  process.on('uncaughtException', keep).on('unhandledRejection', keep);
  return {
    check: () => {
      const error = stray;
      stray = null;
      if (error !== null)
        throw new Error(`an error reached nobody: ${error instanceof Error ? error.message : 'no error'}`, {
          cause: error,
        });
    },
    stop: () => void process.off('uncaughtException', keep).off('unhandledRejection', keep),
  };
}

interface Failed {
  readonly bytes: Buffer;
  /** inputs that were read at the same time or shortly before: one of them may be to blame */
  readonly suspects: readonly Buffer[];
  readonly error: unknown;
}

/** The first input that failed, null when none did. */
async function feed(
  batch: readonly Buffer[],
  run: (bytes: Buffer) => Promise<boolean>,
  concurrency: number,
  count: { inputs: number; bytes: number; accepted: number },
  most: number,
  end: number,
): Promise<Failed | null> {
  const waiting = batch.values();
  let failed: Failed | null = null;
  const recent: Buffer[] = [];
  const worker = async (): Promise<void> => {
    for (const bytes of waiting) {
      if (failed !== null || count.inputs >= most || performance.now() >= end) return;
      count.inputs += 1;
      count.bytes += bytes.length;
      recent.push(bytes);
      if (recent.length > 3 * concurrency) recent.shift();
      try {
        if (await run(bytes)) count.accepted += 1;
      } catch (error) {
        failed ??= { bytes, error, suspects: [...recent] };
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return failed;
}

async function within(
  open: OpenTarget,
  bytes: Buffer,
  limitMs: number,
  watchdog: { begin(input: Buffer): void; end(): void },
): Promise<boolean> {
  watchdog.begin(bytes);
  let outcome: boolean | Promise<boolean>;
  const begun = performance.now();
  try {
    outcome = open.run(bytes);
  } finally {
    watchdog.end();
  }
  if (typeof outcome === 'boolean') {
    if (performance.now() - begun > limitMs) throw new Error(`it took longer than ${limitMs} ms`);
    return outcome;
  }
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took longer than ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([outcome, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function save(
  target: FuzzTarget,
  { bytes, error, suspects }: Failed,
  run: (bytes: Buffer) => Promise<boolean>,
): Promise<Crash> {
  const fails = (candidate: Buffer): Promise<boolean> =>
    run(candidate).then(
      () => false,
      () => true,
    );
  process.stderr.write(`fuzz: ${target.name}: ${String(error)}; looking for the shortest input\n`);
  let guilty = bytes;
  for (const suspect of [bytes, ...suspects]) {
    if (!(await fails(suspect))) continue;
    guilty = suspect;
    break;
  }
  const minimal = await minimize(guilty, fails);
  const digest = createHash('sha256').update(minimal).digest('hex').slice(0, 12);
  const file = path.join(resultsFolder, `${target.name}-${digest}.bin`);
  writeFileSync(file, minimal);
  const why = await run(minimal).then(
    () => error,
    (again: unknown) => again,
  );
  return { message: why instanceof Error ? `${why.name}: ${why.message}` : String(why), minimal, file };
}

function collectedHeap(): number | null {
  const collect: unknown = Reflect.get(globalThis, 'gc');
  if (typeof collect !== 'function') return null;
  collect();
  return process.memoryUsage().heapUsed;
}
