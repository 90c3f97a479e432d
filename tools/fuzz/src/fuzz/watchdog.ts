import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

/** The thread that watches, because a loop without end lets no timer of its own thread run. */
interface Watched {
  readonly state: SharedArrayBuffer;
  readonly bytes: SharedArrayBuffer;
  readonly file: string;
  readonly limitMs: number;
}

const MAX_BYTES = 256 * 1024;
const BUSY = 0;
const LENGTH = 1;

export interface Watchdog {
  begin(input: Buffer): void;
  end(): void;
  stop(): Promise<void>;
}

/**
 * Watches the inputs of this thread: one that takes longer than `limitMs` is written to `folder` and ends the process.
 */
export function startWatchdog(target: string, folder: string, limitMs: number): Watchdog {
  const state = new SharedArrayBuffer(8);
  const bytes = new SharedArrayBuffer(MAX_BYTES);
  const file = path.join(folder, `${target}-hang.bin`);
  const flags = new Int32Array(state);
  const copy = new Uint8Array(bytes);
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { state, bytes, file, limitMs } satisfies Watched,
  });
  worker.unref();
  return {
    begin: (input) => {
      const part = input.subarray(0, MAX_BYTES);
      copy.set(part);
      Atomics.store(flags, LENGTH, part.length);
      Atomics.add(flags, BUSY, 1);
    },
    end: () => void Atomics.add(flags, BUSY, 1),
    stop: async () => void (await worker.terminate()),
  };
}

/** An odd count: an input is being read. */
function watch({ state, bytes, file, limitMs }: Watched): void {
  const flags = new Int32Array(state);
  let last = -1;
  let since = performance.now();
  setInterval(() => {
    const count = Atomics.load(flags, BUSY);
    if (count !== last || count % 2 === 0) {
      last = count;
      since = performance.now();
      return;
    }
    if (performance.now() - since < limitMs) return;
    writeFileSync(file, Buffer.from(bytes, 0, Atomics.load(flags, LENGTH)));
    process.stderr.write(`fuzz: an input took longer than ${limitMs} ms and was saved as ${file}\n`);
    process.kill(process.pid, 'SIGKILL');
  }, 500);
}

if (!isMainThread) watch(workerData as Watched);
