import { visibleLine } from '@bot-bottle/audit';
import { BackendError } from '@bot-bottle/backend';
import type Dockerode from 'dockerode';
import { z } from 'zod';

export interface ProgressOptions {
  /** told in one safe line what goes on */
  readonly onProgress?: (what: string) => void;
  readonly signal?: AbortSignal;
  /** bytes that the engine may say; absent: any number */
  readonly maxOutput?: number;
  /** milliseconds that it may take, default 20 min */
  readonly maxTimeMs?: number;
}

const eventSchema = z.object({
  stream: z.string().optional(),
  status: z.string().optional(),
  id: z.string().optional(),
  error: z.string().optional(),
});

/** What the engine puts around each piece of a build's stderr. */
const stderrColour = new RegExp(String.raw`\u001B\[(?:91|0)m`, 'g');

/** milliseconds that a pull or a build may take */
const limitMs = 20 * 60_000;

/**
 * Reads what the engine says of a pull or a build to its end.
 *
 * @throws BackendError `launch_failed` with what went wrong and the last lines before it
 */
export async function followProgress(
  docker: Dockerode,
  stream: NodeJS.ReadableStream,
  { onProgress, signal, maxOutput = Infinity, maxTimeMs = limitMs }: ProgressOptions,
): Promise<void> {
  const last: string[] = [];
  const note = (event: unknown): void => {
    const { data } = eventSchema.safeParse(event);
    const text = visibleLine((data?.stream ?? data?.status ?? '').replaceAll(stderrColour, '').trim(), 200);
    if (text === '') return;
    last.push(text);
    if (last.length > 8) last.shift();
    if (data?.stream !== undefined && text.startsWith('Step ')) onProgress?.(text);
  };
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const tooMuch = new AbortController();
  const limit = AbortSignal.any([
    AbortSignal.timeout(maxTimeMs),
    tooMuch.signal,
    ...(signal === undefined ? [] : [signal]),
  ]);
  let said = 0;
  stream.on('data', (chunk: Buffer | string) => {
    said += chunk.length;
    if (said > maxOutput)
      tooMuch.abort(new BackendError('launch_failed', `it printed more than ${maxOutput / 1024 ** 2} MiB`));
  });
  const stop = (): void => {
    // Hanging up ends the build (moby: builds are cancelled with their request).
    if ('destroy' in stream && typeof stream.destroy === 'function')
      Reflect.apply(stream.destroy, stream, []);
    reject(limit.reason);
  };
  limit.addEventListener('abort', stop, { once: true });
  if (limit.aborted) stop();
  stream.once('close', () => reject(new BackendError('launch_failed', 'the engine hung up')));
  docker.modem.followProgress(
    stream,
    (error: Error | null, events: unknown) => {
      const failed = failureIn(events);
      if (error === null && failed === null) resolve();
      else reject(failure(failed ?? error?.message ?? 'unknown failure', last));
    },
    note,
  );
  try {
    await promise;
  } finally {
    limit.removeEventListener('abort', stop);
  }
}

function failureIn(events: unknown): string | null {
  if (!Array.isArray(events)) return null;
  for (const event of events) {
    const { data } = eventSchema.safeParse(event);
    if (data?.error !== undefined) return data.error;
  }
  return null;
}

function failure(what: string, last: readonly string[]): BackendError {
  return new BackendError('launch_failed', visibleLine(what, 500), {
    hint: last.length === 0 ? null : `before it: ${last.join(' | ')}`,
  });
}
