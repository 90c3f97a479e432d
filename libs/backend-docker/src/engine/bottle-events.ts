import type Dockerode from 'dockerode';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { labelNames } from '../labels.ts';
import { within } from './within.ts';

const eventSchema = z.object({
  status: z.string(),
  Actor: z.object({ Attributes: z.record(z.string(), z.string()).nullish() }).optional(),
});

/** Ends that were told before somebody asked for them. */
const rememberedEnds = 256;

/** What the engine tells of the containers of one bottle: processes that ended, and memory that ran out. */
export class BottleEvents {
  readonly #stream: Readable;
  readonly #waiting = new Map<string, (code: number | null) => void>();
  readonly #ends = new Map<string, number>();
  readonly #outOfMemory: (role: string) => void;
  #closed = false;

  private constructor(stream: Readable, outOfMemory: (role: string) => void) {
    this.#stream = stream;
    this.#outOfMemory = outOfMemory;
    const lines = createInterface({ input: stream });
    // It passes on what goes wrong with its input.
    lines.on('error', () => undefined);
    lines.on('line', (line) => this.#take(line));
    stream.on('error', () => undefined);
    stream.once('close', () => this.#end());
  }

  /**
   * @param outOfMemory told the role of a container whose memory ran out, so that the kernel ended a process of it
   * @throws what the engine's client throws
   */
  static async open(
    docker: Dockerode,
    identity: string,
    outOfMemory: (role: string) => void,
  ): Promise<BottleEvents> {
    const filters = {
      label: [`${labelNames.slug}=${identity}`],
      event: ['exec_die', 'oom'],
    };
    const stream = await within('listening to the engine', docker.getEvents({ filters }));
    return new BottleEvents(new Readable().wrap(stream), outOfMemory);
  }

  /** Exit code of a process that `exec` started; null when the engine tells nothing any more. */
  exit(exec: string): Promise<number | null> {
    const early = this.#ends.get(exec);
    this.#ends.delete(exec);
    if (early !== undefined) return Promise.resolve(early);
    if (this.#closed) return Promise.resolve(null);
    const { promise, resolve } = Promise.withResolvers<number | null>();
    this.#waiting.set(exec, resolve);
    return promise;
  }

  /** Stops waiting for a process whose end is known otherwise. */
  forget(exec: string): void {
    this.#waiting.delete(exec);
  }

  close(): void {
    this.#stream.destroy();
    this.#end();
  }

  #take(line: string): void {
    const event = parse(line);
    if (event === null) return;
    const { execID, exitCode, [labelNames.role]: role } = event.Actor?.Attributes ?? {};
    if (event.status === 'oom') this.#outOfMemory(role ?? 'container');
    if (event.status !== 'exec_die' || execID === undefined) return;
    const code = Number(exitCode);
    const resolve = this.#waiting.get(execID);
    this.#waiting.delete(execID);
    if (resolve !== undefined) return resolve(code);
    this.#ends.set(execID, code);
    const [oldest] = this.#ends.keys();
    if (this.#ends.size > rememberedEnds && oldest !== undefined) this.#ends.delete(oldest);
  }

  #end(): void {
    this.#closed = true;
    for (const resolve of this.#waiting.values()) resolve(null);
    this.#waiting.clear();
  }
}

function parse(line: string): z.infer<typeof eventSchema> | null {
  try {
    return eventSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
