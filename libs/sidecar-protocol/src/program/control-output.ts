import { Socket } from 'node:net';
import type { Writable } from 'node:stream';

const TURNS = 3;

/**
 * Standard output for the control channel. `process.stdout` writes synchronously to pipes, so a launcher that reads
 * slowly would stop the whole proxy; and what some turns of the event loop have to say goes out in one system call.
 */
export function controlOutput(): Writable {
  const output = openSocket();
  return output === null ? process.stdout : gathered(output);
}

/** Joins the texts that are written within some turns: corked, each would still be a write of its own to the stream. */
function gathered(output: Socket): Writable {
  const write = output.write.bind(output);
  const end = output.end.bind(output);
  let text = '';
  const flush = () => {
    const all = text;
    text = '';
    return all === '' || write(all);
  };
  return Object.assign(output, {
    write: (part: string) => {
      if (text === '') afterTurns(TURNS, flush);
      text += part;
      return !output.writableNeedDrain;
    },
    end: (done: () => void) => {
      flush();
      return end(done);
    },
  });
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
