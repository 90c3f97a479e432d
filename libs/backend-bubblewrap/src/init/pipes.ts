import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';

/** Real pipes for one process: our ends as streams, its ends as descriptors to hand over and then close. */
export interface Pipes {
  readonly stdin: Socket;
  readonly stdout: Socket;
  readonly stderr: Socket;
  readonly theirs: readonly [stdin: number, stdout: number, stderr: number];
}

/**
 * Makes pipes by way of FIFOs. Node's own are sockets, which cannot be opened again by name: with them
 * `echo > /dev/stderr` and `cat /dev/stdin`, which scripts do all the time, fail with ENXIO.
 */
export function makePipes(): Pipes {
  const folder = mkdtempSync('/tmp/.pipes-');
  try {
    const paths = ['in', 'out', 'err'].map((name) => `${folder}/${name}`);
    const made = spawnSync('/usr/bin/mkfifo', ['-m', '600', '--', ...paths], { stdio: 'ignore' });
    if (made.status !== 0) throw new Error('mkfifo failed');
    const [stdin, stdout, stderr] = paths.map(openBothEnds);
    if (stdin === undefined || stdout === undefined || stderr === undefined) throw new Error('unreachable');
    for (const fd of [stdin.ours.read, stdout.ours.write, stderr.ours.write]) closeSync(fd);
    for (const fd of [stdin.theirs.write, stdout.theirs.read, stderr.theirs.read]) closeSync(fd);
    return {
      stdin: new Socket({ fd: stdin.ours.write, readable: false, writable: true }),
      stdout: new Socket({ fd: stdout.ours.read, readable: true, writable: false }),
      stderr: new Socket({ fd: stderr.ours.read, readable: true, writable: false }),
      theirs: [stdin.theirs.read, stdout.theirs.write, stderr.theirs.write],
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Ends {
  readonly read: number;
  readonly write: number;
}

/** Opens a FIFO so that nothing blocks: our ends never block afterwards, theirs do, as programs expect. */
function openBothEnds(path: string): { readonly ours: Ends; readonly theirs: Ends } {
  const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;
  const ours = openEnds(path, O_RDONLY | O_NONBLOCK, O_WRONLY | O_NONBLOCK);
  return { ours, theirs: openEnds(path, O_RDONLY, O_WRONLY) };
}

function openEnds(path: string, read: number, write: number): Ends {
  return { read: openSync(path, read), write: openSync(path, write) };
}
