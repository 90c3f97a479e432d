import { mkdir } from 'node:fs/promises';
import { bottleFolder, bottleLock, layerFiles } from './audit-paths.ts';
import { ChainFile } from './chain-file.ts';
import { checkEvent } from './check-event.ts';
import { DenialWindows } from './denial-windows.ts';
import { AuditError } from './error.ts';
import { layers } from './events.ts';
import type { AuditEvent, Layer } from './events.ts';
import { acquireLock } from './exclusive-lock.ts';
import type { Lock } from './exclusive-lock.ts';
import { fileExists } from './file-exists.ts';
import { HeadsWriter } from './heads-writer.ts';
import { LayerWriter } from './layer-writer.ts';

export const DEFAULT_MAX_FILE_BYTES = 64 * 1024 * 1024;
export const DEFAULT_REPEAT_WINDOW_MS = 10_000;

export interface AuditLogOptions {
  /** folder of all audit logs, e.g. `~/.bot-bottle/audit`; created 0700 */
  readonly dir: string;
  /** identity of the bottle */
  readonly bottle: string;
  /** clock, ms since the epoch */
  readonly now?: () => number;
  /** size in bytes at which a layer's file is rotated; default 64 MiB */
  readonly maxFileBytes?: number;
  /** how long repeats of one denial are counted before they are written as one line, in ms; 0 never; default 10 s */
  readonly repeatWindowMs?: number;
  /** how long to wait for another writer of this bottle, in ms; default 0 */
  readonly lockTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface AppendOptions {
  /** refuse events of any other layer: for events that came from that layer's sidecar */
  readonly only?: Layer;
}

/** The only writer of one bottle's audit log. */
export class AuditLog {
  readonly #writers: ReadonlyMap<Layer, LayerWriter>;
  readonly #heads: HeadsWriter;
  readonly #lock: Lock;
  readonly #now: () => number;
  readonly #windows: DenialWindows;
  readonly #repeatWindowMs: number;
  readonly #unwritten: AuditEvent[] = [];
  #sweep: NodeJS.Timeout | null = null;
  #closing: Promise<void> | null = null;

  private constructor(
    writers: ReadonlyMap<Layer, LayerWriter>,
    heads: HeadsWriter,
    lock: Lock,
    options: { now: () => number; repeatWindowMs: number },
  ) {
    this.#writers = writers;
    this.#heads = heads;
    this.#lock = lock;
    this.#now = options.now;
    this.#repeatWindowMs = options.repeatWindowMs;
    this.#windows = new DenialWindows(options.repeatWindowMs);
  }

  /**
   * Opens the log of a bottle, or continues it. Throws `AuditError`: `locked` when another live process writes it,
   * `corrupt` when the last line of a chain was changed, `audit_unavailable` when the folder cannot be written.
   */
  static async open(options: AuditLogOptions): Promise<AuditLog> {
    const folder = bottleFolder(options.dir, options.bottle);
    const now = options.now ?? Date.now;
    const time = (): string => new Date(now()).toISOString();
    const { lock, heads } = await openFolder(options, folder);
    const opened: ChainFile[] = [];
    try {
      const writers = new Map<Layer, LayerWriter>();
      for (const layer of layers) {
        const maxBytes = options.maxFileBytes ?? DEFAULT_MAX_FILE_BYTES;
        const open = () => ChainFile.open({ folder, bottle: options.bottle, layer, maxBytes }, time());
        const exists = (await Promise.all((await layerFiles(folder, layer)).map(fileExists))).includes(true);
        const chain = exists ? await open() : null;
        if (chain !== null) opened.push(chain);
        writers.set(layer, new LayerWriter({ bottle: options.bottle, layer, heads, time, open, chain }));
      }
      const repeatWindowMs = options.repeatWindowMs ?? DEFAULT_REPEAT_WINDOW_MS;
      return new AuditLog(writers, heads, lock, { now, repeatWindowMs });
    } catch (error) {
      await Promise.allSettled(opened.map((chain) => chain.close()));
      await lock.release();
      if (AuditError.isInstance(error)) throw error;
      throw new AuditError('audit_unavailable', 'the audit log cannot be opened', { cause: error });
    }
  }

  /**
   * Writes events and resolves when they are handed to the operating system (not fsynced). A repeat of a denial
   * that is already on disk resolves at once and is counted. Rejects with `AuditError`: `audit_unavailable` (none or
   * some of them are written, never half a line), `invalid_event` (none is written), `closed`.
   */
  async append(events: readonly unknown[], options: AppendOptions = {}): Promise<void> {
    if (this.#closing !== null) throw new AuditError('closed', 'the audit log is closed');
    const checked = events.map((event) => checkEvent(event));
    if (options.only !== undefined && checked.some((event) => event.layer !== options.only)) {
      throw new AuditError('invalid_event', 'an event names a layer that is not its own');
    }
    const now = this.#now();
    const results = new Set<Promise<void>>();
    for (const event of checked) {
      const isDenial = event.outcome === 'denied' && event.code !== null && this.#repeatWindowMs > 0;
      results.add((isDenial ? this.#windows.repeat(event, now) : null) ?? this.#first(event, isDenial, now));
    }
    await Promise.all(results);
  }

  /**
   * Writes open counts, a final record for each chain and the heads, syncs and closes. Everything is released even
   * when it rejects (`AuditError`, `audit_unavailable`). Later calls return the same promise.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #first(event: AuditEvent, isDenial: boolean, now: number): Promise<void> {
    if (isDenial) this.#writeCounts(now);
    const written = this.#write(event);
    if (isDenial) {
      this.#windows.begin(event, written, now);
      this.#scheduleSweep();
    }
    return written;
  }

  #write(event: AuditEvent): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#writers.get(event.layer)?.push(event, (error) => (error === null ? resolve() : reject(error)));
    return promise;
  }

  #writeCounts(now: number): void {
    for (const event of this.#openCounts(now)) this.#write(event).catch(() => this.#unwritten.push(event));
  }

  /** Counts whose window ended, and those that could not be written before: a full disk must leave no gap. */
  #openCounts(now: number): AuditEvent[] {
    return [...this.#unwritten.splice(0), ...this.#windows.close(now)];
  }

  #scheduleSweep(): void {
    if (this.#sweep !== null || (this.#windows.isEmpty && this.#unwritten.length === 0)) return;
    this.#sweep = setTimeout(() => {
      this.#sweep = null;
      this.#writeCounts(this.#now());
      this.#scheduleSweep();
    }, this.#repeatWindowMs);
    this.#sweep.unref();
  }

  async #close(): Promise<void> {
    if (this.#sweep !== null) clearTimeout(this.#sweep);
    const counts = this.#openCounts(Number.POSITIVE_INFINITY).map((event) => this.#write(event));
    const results = await Promise.allSettled([
      ...counts,
      ...[...this.#writers.values()].map((writer) => writer.close()),
    ]);
    results.push(...(await Promise.allSettled([this.#heads.drain()])));
    await this.#lock.release();
    const failed = results.find((result) => result.status === 'rejected');
    if (failed === undefined) return;
    if (AuditError.isInstance(failed.reason)) throw failed.reason;
    throw new AuditError('audit_unavailable', 'the audit log could not be closed', { cause: failed.reason });
  }
}

async function openFolder(
  options: AuditLogOptions,
  folder: string,
): Promise<{ lock: Lock; heads: HeadsWriter }> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const timeoutMs = options.lockTimeoutMs ?? 0;
    const lock = await acquireLock(bottleLock(folder), { timeoutMs, signal: options.signal });
    return { lock, heads: new HeadsWriter(options.dir) };
  } catch (error) {
    if (AuditError.isInstance(error) || options.signal?.aborted === true) throw error;
    throw new AuditError('audit_unavailable', 'the audit folder cannot be written', { cause: error });
  }
}

export interface AppendExclusiveOptions extends Omit<AuditLogOptions, 'repeatWindowMs'> {
  readonly events: readonly unknown[];
}

/**
 * Appends events of a bottle that no owner process runs, under its lock, and closes the log again. Waits up to
 * `lockTimeoutMs` (default 5 s). Throws like `AuditLog.open` and `append`; `locked` says: send it to the owner.
 */
export async function appendExclusive(options: AppendExclusiveOptions): Promise<void> {
  const log = await AuditLog.open({ lockTimeoutMs: 5_000, ...options, repeatWindowMs: 0 });
  try {
    await log.append(options.events);
  } finally {
    await log.close();
  }
}
