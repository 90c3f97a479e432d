import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { LauncherChannel, SidecarChannel } from '@bot-bottle/sidecar-protocol';
import type { LauncherChannelOptions } from '@bot-bottle/sidecar-protocol';

export interface Pair {
  readonly launcher: LauncherChannel;
  readonly sidecar: SidecarChannel;
  readonly toSidecar: PassThrough;
  readonly fromSidecar: PassThrough;
}

type Handlers = Partial<Pick<LauncherChannelOptions, 'onAudit' | 'onProposal' | 'limits'>>;

export function pair(handlers: Handlers = {}): Pair {
  const toSidecar = new PassThrough();
  const fromSidecar = new PassThrough();
  const launcher = new LauncherChannel({
    stdin: toSidecar,
    stdout: fromSidecar,
    onAudit: async () => undefined,
    ...handlers,
  });
  const sidecar = new SidecarChannel({ input: toSidecar, output: fromSidecar });
  void sidecar.closed.then(() => fromSidecar.end());
  return { launcher, sidecar, toSidecar, fromSidecar };
}

/** A pair whose sidecar is configured and ready. */
export async function readyPair(handlers: Handlers = {}): Promise<Pair> {
  const both = pair(handlers);
  const answer = both.launcher.configure({}, {});
  await both.sidecar.configured;
  both.sidecar.ready({ listening: [], digest: null });
  await answer;
  return both;
}

/** A launcher whose sidecar is the test itself. */
export function hostile(handlers: Handlers = {}) {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const launcher = new LauncherChannel({ stdin, stdout, onAudit: async () => undefined, ...handlers });
  const say = (message: unknown): boolean => stdout.write(`${JSON.stringify(message)}\n`);
  return { launcher, stdin, stdout, say, heard: lines(stdin) };
}

/** The messages on a stream, one by one. */
export async function* lines(stream: PassThrough): AsyncGenerator<Record<string, unknown>, void> {
  let held = '';
  for await (const chunk of stream) {
    held += String(chunk);
    const parts = held.split('\n');
    held = parts.pop() ?? '';
    for (const part of parts) yield JSON.parse(part) as Record<string, unknown>;
  }
}

export async function next(
  messages: AsyncGenerator<Record<string, unknown>, void>,
): Promise<Record<string, unknown>> {
  const result = await messages.next();
  if (result.done === true) throw new Error('the stream ended');
  return result.value;
}

export async function drained(stream: PassThrough): Promise<void> {
  if (stream.writableNeedDrain) await once(stream, 'drain');
}
