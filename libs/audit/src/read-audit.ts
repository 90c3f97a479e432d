import { watch } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { bottleFolder } from './audit-paths.ts';
import { layers } from './events.ts';
import type { AuditLine, Layer } from './events.ts';
import { LayerCursor } from './layer-cursor.ts';

export interface ReadOptions {
  /** layers to read; default all, [] reads none */
  readonly layers?: readonly Layer[];
  readonly signal?: AbortSignal;
}

export interface FollowOptions extends ReadOptions {
  /** whether to begin with the lines that exist; default true */
  readonly fromStart?: boolean;
  /** how often to look when the system tells of no change, in ms; default 500 */
  readonly pollMs?: number;
}

/** Merges sorted sources by time; each source keeps its own order. */
async function* mergeByTime(
  sources: readonly AsyncGenerator<AuditLine, void>[],
): AsyncGenerator<AuditLine, void> {
  const fronts = await Promise.all(sources.map(async (source) => ({ source, result: await source.next() })));
  for (;;) {
    let first: { readonly front: (typeof fronts)[number]; readonly line: AuditLine } | null = null;
    for (const front of fronts) {
      if (front.result.done === true) continue;
      const line = front.result.value;
      if (first === null || line.time < first.line.time) first = { front, line };
    }
    if (first === null) return;
    yield first.line;
    first.front.result = await first.front.source.next();
  }
}

/**
 * The lines of a bottle's log up to now, merged over its layers by time. What is no valid line is left out: that
 * hashes are right is for `verifyAudit` to say. Lines hold hostile text: show it only through `visibleText`.
 */
export async function* readAudit(
  dir: string,
  bottle: string,
  options: ReadOptions = {},
): AsyncGenerator<AuditLine, void> {
  const folder = bottleFolder(dir, bottle);
  const cursors = (options.layers ?? layers).map((layer) => new LayerCursor(folder, layer));
  yield* mergeByTime(cursors.map((cursor) => cursor.read(options.signal)));
}

/** Resolves with true when the folder may have changed, with false when the signal ends the waiting. */
async function changed(folder: string, pollMs: number, signal: AbortSignal | undefined): Promise<boolean> {
  const woken = new AbortController();
  const ended = signal === undefined ? woken.signal : AbortSignal.any([woken.signal, signal]);
  let watcher: ReturnType<typeof watch> | null = null;
  try {
    watcher = watch(folder, { persistent: false }, () => woken.abort());
    watcher.on('error', () => undefined);
  } catch {
    // No folder yet, or no watches left: the poll alone does it.
  }
  try {
    await delay(pollMs, undefined, { signal: ended });
  } catch {
    // Woken early.
  } finally {
    watcher?.close();
  }
  return signal?.aborted !== true;
}

/** Like `readAudit`, then every new line as it is written, over rotations, until the signal aborts. */
export async function* followAudit(
  dir: string,
  bottle: string,
  options: FollowOptions = {},
): AsyncGenerator<AuditLine, void> {
  const folder = bottleFolder(dir, bottle);
  const { signal, fromStart = true, pollMs = 500 } = options;
  const cursors = (options.layers ?? layers).map((layer) => new LayerCursor(folder, layer));
  let isFirst = true;
  do {
    for await (const line of mergeByTime(cursors.map((cursor) => cursor.read()))) {
      if (signal?.aborted === true) return;
      if (!isFirst || fromStart) yield line;
    }
    isFirst = false;
  } while (await changed(folder, pollMs, signal));
}
