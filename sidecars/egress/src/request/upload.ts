import { Readable } from 'node:stream';
import type { BodyStream, Finding } from '@bot-bottle/dlp';
import type { AgentReader, BodyFailure } from '../agent/agent-reader.ts';
import type { ByteBudget } from '../limits/byte-budget.ts';
import type { HeldBudget } from '../limits/held-budget.ts';
import type { BodyTail } from './collect-body.ts';

/** Why the rest of an upload may not leave. */
export type UploadStop =
  | { readonly kind: 'findings'; readonly findings: readonly Finding[] }
  | { readonly kind: 'undecodable' | 'budget' | 'held' | BodyFailure };

export interface UploadOptions {
  readonly reader: AgentReader;
  readonly bytes: ByteBudget;
  readonly held: HeldBudget;
  /** null: nothing is scanned */
  readonly scan: BodyStream | null;
  /** findings do not stop the upload */
  readonly warnOnly: boolean;
  /** bytes of this request that were counted already */
  readonly spent: number;
  readonly onStop: (stop: UploadStop) => void;
  readonly onWarning: (findings: readonly Finding[]) => void;
}

/** Bytes that may wait for the scanner, and again for the upstream: enough to keep both busy. */
const WINDOW_BYTES = 256 * 1024;
/** What a waiting chunk counts at least: a tiny one costs more memory than its bytes. */
const LEAST_COST = 512;

/**
 * The body of an upload on its way to the upstream: bytes leave only when the scanner has released them, and the
 * agent is read only as fast as the upstream takes them.
 */
export class Upload implements BodyTail {
  /** what is sent; destroyed when the upload stops */
  readonly stream: Readable;
  readonly #options: UploadOptions;
  #scan: BodyStream | null;
  #work: Promise<void> = Promise.resolve();
  /** bytes that wait for the scanner */
  #queuedBytes = 0;
  #counted: number;
  #held = 0;
  #over = false;

  constructor(options: UploadOptions) {
    this.#options = options;
    this.#scan = options.scan;
    this.#counted = options.spent;
    this.stream = new Readable({
      highWaterMark: WINDOW_BYTES,
      read: () => {
        // asked before the bytes that leave are taken off, so what waits in the stream does not count here
        if (!this.#over && this.#queuedBytes < WINDOW_BYTES) options.reader.resumeBody();
        else options.reader.holdBody();
      },
      destroy: (error, done) => {
        this.#close();
        done(error);
      },
    });
    this.stream.on('error', () => undefined);
  }

  data(chunk: Buffer): boolean {
    if (this.#over) return true;
    if (!this.#options.bytes.spend(chunk.length, this.#counted)) {
      this.#stop({ kind: 'budget' });
      return true;
    }
    this.#counted += chunk.length;
    if (this.#scan === null) return this.stream.push(chunk);
    const cost = Math.max(chunk.length, LEAST_COST);
    this.#queuedBytes += cost;
    const scan = this.#scan;
    this.#enqueue(async () => {
      const step = await scan.push(chunk);
      this.#queuedBytes -= cost;
      this.#take(step.release, step.findings, chunk);
    });
    return this.#hasRoom();
  }

  end(): void {
    if (this.#over) return;
    if (this.#scan === null) {
      this.stream.push(null);
      return;
    }
    const scan = this.#scan;
    this.#enqueue(async () => {
      const step = this.#scan === null ? { release: [], findings: [] } : await scan.end();
      this.#take(step.release, step.findings, null);
      if (!this.#over) this.stream.push(null);
    });
  }

  fail(kind: BodyFailure): void {
    this.#stop({ kind });
  }

  #hasRoom(): boolean {
    return !this.#over && this.#queuedBytes < WINDOW_BYTES && this.stream.readableLength < WINDOW_BYTES;
  }

  #enqueue(step: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      try {
        if (!this.#over) await step();
      } catch {
        this.#stop({ kind: 'undecodable' });
      }
      if (this.#hasRoom()) this.#options.reader.resumeBody();
    });
  }

  #take(release: readonly Uint8Array[], findings: readonly Finding[], chunk: Buffer | null): void {
    if (this.#over) return;
    if (findings.length > 0) {
      if (!this.#options.warnOnly || findings.some((finding) => finding.detector === 'crlf')) {
        this.#stop({ kind: 'findings', findings });
        return;
      }
      this.#options.onWarning(findings);
    }
    if (this.#options.warnOnly) {
      if (chunk !== null) this.stream.push(chunk);
      return;
    }
    for (const bytes of release) {
      if (bytes.length > 0) this.stream.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    }
    this.#account();
  }

  /** Held-back bytes count against the shared budget; they are bounded by the scanner's window. */
  #account(): void {
    const now = this.#scan?.heldBytes ?? 0;
    const more = now - this.#held;
    if (more > 0 && !this.#options.held.tryTake(more)) {
      this.#stop({ kind: 'held' });
      return;
    }
    if (more < 0) this.#options.held.give(-more);
    this.#held = now;
  }

  #stop(stop: UploadStop): void {
    if (this.#over) return;
    this.#close();
    this.#options.onStop(stop);
    this.stream.destroy();
  }

  #close(): void {
    this.#over = true;
    this.#scan?.destroy();
    this.#scan = null;
    this.#options.held.give(this.#held);
    this.#held = 0;
  }
}
