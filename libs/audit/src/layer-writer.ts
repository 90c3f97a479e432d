import { CLOSED_ACTION } from './reserved-actions.ts';
import type { ChainFile } from './chain-file.ts';
import { AuditError, errnoOf } from './error.ts';
import type { AuditEvent, Layer } from './events.ts';
import type { HeadsWriter } from './heads-writer.ts';

/** At least one head per this many events. */
const HEAD_EVERY = 64;
/** Lines of one write: bounds the memory of a flush. */
const MAX_LINES_PER_WRITE = 4096;
/** Events that wait for the disk; beyond it the log counts as unavailable. */
const MAX_QUEUED = 131_072;

interface Waiting {
  readonly event: AuditEvent;
  readonly settle: (error: AuditError | null) => void;
}

export interface LayerWriterOptions {
  readonly bottle: string;
  readonly layer: Layer;
  readonly heads: HeadsWriter;
  readonly time: () => string;
  readonly open: () => Promise<ChainFile>;
  /** already open when the file existed */
  readonly chain: ChainFile | null;
}

function unavailable(error: unknown): AuditError {
  if (AuditError.isInstance(error) && error.code === 'corrupt') return error;
  const errno = errnoOf(error);
  const why = errno === null ? '' : ` (${errno})`;
  return new AuditError('audit_unavailable', `the audit log cannot be written${why}`, {
    data: { errno },
    cause: error,
  });
}

/** Queue in front of one chain: everything that waits is written at once while the next events collect. */
export class LayerWriter {
  readonly #options: LayerWriterOptions;
  #chain: ChainFile | null;
  #waiting: Waiting[] = [];
  #running: Promise<void> | null = null;
  #headSeq: number;

  constructor(options: LayerWriterOptions) {
    this.#options = options;
    this.#chain = options.chain;
    this.#headSeq = options.chain?.state.seq ?? 0;
  }

  /** Queues events; `settle` is called once for each when it is written, or with why it is not. */
  push(event: AuditEvent, settle: Waiting['settle']): void {
    if (this.#waiting.length >= MAX_QUEUED) {
      settle(new AuditError('audit_unavailable', 'too many audit events wait for the disk'));
      return;
    }
    this.#waiting.push({ event, settle });
    this.#running ??= this.#run();
  }

  /** Writes the final record and its head and closes the file. */
  async close(): Promise<void> {
    while (this.#running !== null) await this.#running;
    const { bottle, layer, heads, time } = this.#options;
    if (this.#chain === null) return;
    const chain = this.#chain;
    try {
      if (chain.state.seq > 0 && !chain.state.final) {
        const at = time();
        await chain.append(
          [
            {
              layer,
              action: CLOSED_ACTION,
              outcome: 'done',
              code: null,
              target: bottle,
              rule: null,
              details: {},
            },
          ],
          at,
        );
        heads.push({ time: at, bottle, layer, ...chain.state });
      }
    } catch (error) {
      throw unavailable(error);
    } finally {
      await chain.close();
    }
  }

  async #run(): Promise<void> {
    // After the microtasks of this turn, so that everything appended in it shares one write.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, MAX_LINES_PER_WRITE);
      this.#waiting = this.#waiting.slice(MAX_LINES_PER_WRITE);
      const error = await this.#write(batch.map((waiting) => waiting.event));
      for (const waiting of batch) waiting.settle(error);
    }
    this.#running = null;
  }

  async #write(events: AuditEvent[]): Promise<AuditError | null> {
    try {
      await this.#options.heads.ensureWritable();
      this.#chain ??= await this.#options.open();
      const at = this.#options.time();
      await this.#chain.append(events, at);
      this.#reportHead(at, this.#chain);
      return null;
    } catch (error) {
      return unavailable(error);
    }
  }

  #reportHead(time: string, chain: ChainFile): void {
    const { bottle, layer, heads } = this.#options;
    if (chain.state.seq - this.#headSeq < HEAD_EVERY) return;
    this.#headSeq = chain.state.seq;
    heads.push({ time, bottle, layer, ...chain.state });
  }
}
