import type { BottleProcess } from '../contracts.ts';
import { clientMessageSchema } from './control-messages.ts';
import { drainAfterExit } from './drain-after-exit.ts';
import { parseControl, type FrameChannel } from './frame-channel.ts';
import type { Frame } from './frames.ts';
import type { MainProcess, OutputName } from './main-process.ts';
import { StdinReceiver } from './stdin-receiver.ts';

/** milliseconds that a program gets to end by itself after its client went away */
const abandonMs = 3000;
/** bytes that an attached client may be behind before it is let go */
const lagBytes = 4 * 1024 * 1024;

/** What one connection does after its request. */
export interface Session {
  onFrame(frame: Frame): void;
  /** The client went away. */
  onGone(): void;
}

/** A program that a client started: its own stdio, its own end. */
export function execSession(child: BottleProcess, tty: boolean, channel: FrameChannel): Session {
  const stdin = new StdinReceiver(child.stdin, channel);
  let blocked = 0;
  let ended = false;
  const relay = (name: OutputName): void => {
    const stream = child[name];
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => {
      if (channel.data(name, chunk)) return;
      blocked += 1;
      stream.pause();
      void channel.drained().then(() => {
        blocked -= 1;
        stream.resume();
      });
    });
  };
  channel.send({ type: 'started', tty });
  relay('stdout');
  relay('stderr');
  void (async () => {
    try {
      const status = await child.exited;
      ended = true;
      await drainAfterExit([child.stdout, child.stderr], () => blocked > 0 && !channel.isClosed);
      channel.send({ type: 'exit', ...status });
    } catch {
      channel.send({ type: 'error', code: 'failed', message: 'the bottle ended', hint: null });
    }
    channel.end();
  })();
  return {
    onFrame: (frame) => receive(frame, { stdin, target: child, ownsStdin: true }),
    onGone: () => {
      if (ended) return;
      stdin.end();
      child.kill(tty ? 'SIGHUP' : 'SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), abandonMs);
      const clear = (): void => clearTimeout(timer);
      child.exited.then(clear, clear);
    },
  };
}

/** A client that looks at, and on a terminal types into, the agent's own program. */
export function attachSession(main: MainProcess, channel: FrameChannel): Session {
  const stdin = new StdinReceiver(main.stdin, channel);
  channel.send({ type: 'started', tty: main.tty });
  const leave = main.view({
    essential: false,
    write: (name, chunk) => {
      channel.data(name, chunk);
      return channel.pendingBytes < lagBytes;
    },
    drained: () => channel.drained(),
    fellBehind: () => {
      const message = 'this terminal was too slow for the output of the agent';
      channel.send({ type: 'error', code: 'too_slow', message, hint: 'attach again' });
      channel.end();
    },
  });
  main.exited.then(
    (status) => {
      channel.send({ type: 'exit', ...status });
      channel.end();
    },
    () => channel.end(),
  );
  return {
    // Without a terminal the program's input belongs to whoever started it: output only.
    // The shared terminal stays open when one of its viewers leaves.
    onFrame: (frame) => (main.tty ? receive(frame, { stdin, target: main, ownsStdin: false }) : undefined),
    onGone: leave,
  };
}

interface Receiver {
  readonly stdin: StdinReceiver;
  readonly target: Pick<BottleProcess, 'resize' | 'kill'>;
  /** whether the end of the client's input is the end of the program's */
  readonly ownsStdin: boolean;
}

function receive(frame: Frame, { stdin, target, ownsStdin }: Receiver): void {
  if (frame.kind === 'stdin') {
    stdin.push(frame.payload);
    return;
  }
  if (frame.kind !== 'control') return;
  const message = parseControl(clientMessageSchema, frame.payload);
  switch (message.type) {
    case 'resize':
      target.resize(message.size);
      return;
    case 'signal':
      target.kill(message.signal);
      return;
    case 'stdin-end':
      if (ownsStdin) stdin.end();
      return;
  }
}
