import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';

/** Real pipes for one process: our ends as streams, its ends as descriptors to hand over and then close. */
export interface Pipes {
  readonly stdin: Socket;
  readonly stdout: Socket;
  readonly stderr: Socket;
  readonly theirs: readonly [stdin: number, stdout: number, stderr: number];
}

// Shells keep a small here-document in a pipe. This one holds three until its input ends.
const holder = 'exec 3<<X 4<<X 5<<X\nX\nX\nX\necho ready; read wait';

/**
 * Makes anonymous pipes. Node's own are sockets, which cannot be opened again by name: with them
 * `echo > /dev/stderr` and `cat /dev/stdin`, which scripts do all the time, fail with ENXIO. Node cannot call
 * pipe(2), so a shell does, and its pipes are opened through /proc.
 */
export async function makePipes(): Promise<Pipes> {
  const shell = spawn('/bin/sh', ['-c', holder], { stdio: ['pipe', 'pipe', 'ignore'] });
  try {
    await once(shell.stdout, 'data');
    const [stdin, stdout, stderr] = [3, 4, 5].map((fd) => `/proc/${shell.pid}/fd/${fd}`);
    if (stdin === undefined || stdout === undefined || stderr === undefined) throw new Error('unreachable');
    return {
      stdin: new Socket({ fd: open(stdin, O_WRONLY | O_NONBLOCK), readable: false, writable: true }),
      stdout: new Socket({ fd: open(stdout, O_RDONLY | O_NONBLOCK), readable: true, writable: false }),
      stderr: new Socket({ fd: open(stderr, O_RDONLY | O_NONBLOCK), readable: true, writable: false }),
      theirs: [open(stdin, O_RDONLY), open(stdout, O_WRONLY), open(stderr, O_WRONLY)],
    };
  } finally {
    shell.stdin.end();
  }
}

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;

function open(path: string, flags: number): number {
  const fd = openSync(path, flags);
  if (fstatSync(fd).isFIFO()) return fd;
  closeSync(fd);
  throw new Error('the shell keeps here-documents elsewhere than in pipes');
}
