import { Socket } from 'node:net';
import type { Writable } from 'node:stream';

const TURNS = 3;

/**
 * Standard output for the control channel. `process.stdout` writes synchronously to pipes, so a launcher that reads
 * slowly would stop the whole proxy; and what one turn of the event loop has to say goes out in one system call.
 */
export function controlOutput(): Writable {
  const output = openSocket();
  if (output === null) return process.stdout;
  const write = output.write.bind(output);
  let corked = false;
  const batched = (...args: Parameters<typeof write>): boolean => {
    if (!corked) {
      corked = true;
      output.cork();
      afterTurns(TURNS, () => {
        corked = false;
        output.uncork();
      });
    }
    return write(...args);
  };
  return Object.assign(output, { write: batched });
}

/** A loaded proxy gathers events of several turns; on an idle one a turn takes microseconds. */
function afterTurns(turns: number, run: () => void): void {
  setImmediate(() => (turns <= 1 ? run() : afterTurns(turns - 1, run)));
}

/** null when standard output is neither a pipe nor a socket */
function openSocket(): Socket | null {
  try {
    return new Socket({ fd: 1, readable: false, writable: true });
  } catch {
    return null;
  }
}
