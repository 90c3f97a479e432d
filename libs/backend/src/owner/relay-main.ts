import type { Readable, Writable } from 'node:stream';
import type { BottleProcess, ExitStatus, TerminalSize } from '../contracts.ts';
import { MainProcess } from './main-process.ts';

/** What the agent's program talks to on the launcher's side. */
export interface MainStdio {
  /** null: closed at once, unless the plan holds a text for it or the program has a terminal */
  readonly stdin: Readable | null;
  /** null: nobody looks; attaching shows it */
  readonly stdout: Writable | null;
  readonly stderr: Writable | null;
  /** size of the program's terminal, null: pipes */
  readonly tty: TerminalSize | null;
  /** told the function that changes the size of the terminal */
  readonly onStart?: (main: MainProcess) => void;
}

/**
 * Connects the program with the launcher's stdio until it ends.
 *
 * @param input text for stdin that comes with the plan
 * @param bottleEnded resolves when the bottle is gone and the program with it
 */
export async function relayMain(
  main: MainProcess,
  input: string | null,
  stdio: MainStdio,
  bottleEnded: Promise<ExitStatus>,
): Promise<ExitStatus> {
  const stopViewing = stdio.stdout === null ? null : main.view(viewerOf(main, stdio));
  const stopFeeding = feed(main, input, stdio);
  stdio.onStart?.(main);
  try {
    const status = await Promise.race([main.exited, bottleEnded.then(() => graceful(main))]);
    await Promise.all([stdio.stdout, stdio.stderr].map((stream) => flushed(stream)));
    return status;
  } finally {
    stopFeeding();
    stopViewing?.();
  }
}

/** Waits until what was written is out, at most two seconds: a terminal may be stopped. */
async function flushed(stream: Writable | null): Promise<void> {
  if (stream === null || stream.destroyed || stream.writableLength === 0) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, 2000);
  stream.write('', () => resolve());
  await promise;
  clearTimeout(timer);
}

/** Connects any process of a bottle, e.g. one behind the control socket, with stdio until it ends. */
export async function relayProcess(child: BottleProcess, stdio: MainStdio): Promise<ExitStatus> {
  const main = new MainProcess(child, stdio.tty !== null);
  return await relayMain(main, null, stdio, new Promise<never>(() => undefined));
}

/** The program ends with its bottle, and then its own status is better; it comes at once or never. */
async function graceful(main: MainProcess): Promise<ExitStatus> {
  const { promise, resolve } = Promise.withResolvers<ExitStatus>();
  const timer = setTimeout(() => resolve({ code: null, signal: 'SIGKILL' }), 500);
  main.exited.then(resolve, () => undefined);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

function viewerOf(main: MainProcess, stdio: MainStdio): Parameters<MainProcess['view']>[0] {
  let isBroken = false;
  const waiting = new Set<() => void>();
  const streams = { stdout: stdio.stdout, stderr: stdio.stderr };
  const wake = (): void => {
    for (const resolve of waiting) resolve();
    waiting.clear();
  };
  for (const stream of Object.values(streams)) {
    stream?.on('drain', wake);
    stream?.on('error', () => {
      // Whoever read the output went away: the program is told as the kernel would.
      if (!isBroken) main.kill('SIGPIPE');
      isBroken = true;
      wake();
    });
  }
  return {
    essential: true,
    write: (name, chunk) => isBroken || (streams[name]?.write(chunk) ?? true),
    drained: () => new Promise<void>((resolve) => waiting.add(resolve)),
    fellBehind: () => undefined,
  };
}

function feed(main: MainProcess, input: string | null, stdio: MainStdio): () => void {
  const { stdin } = main;
  stdin.on('error', () => undefined);
  if (input !== null && stdio.tty === null) {
    stdin.end(input);
    return () => undefined;
  }
  const source = stdio.stdin;
  if (source === null) {
    if (stdio.tty === null) stdin.end();
    return () => undefined;
  }
  source.on('error', () => undefined);
  source.pipe(stdin);
  // A program that closed its input must not make the launcher read for ever.
  const stop = (): void => {
    source.unpipe(stdin);
    source.pause();
  };
  stdin.once('close', stop);
  return stop;
}
