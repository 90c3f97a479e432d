import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** State of a socket that listens, in /proc/net/tcp (proc_pid_net(5)). */
const LISTEN = '0A';

/**
 * Whether the one that listens on a port of 127.0.0.1 is this very process, and not somebody who took the port first:
 * another pipelock would answer for its own health. Null: it listens, but the process does not let us see what it has open,
 * as one whose program is not readable (proc_pid_fd(5)).
 */
export function ownsListener(pid: number, port: number): boolean | null {
  const inode = inodeOf(port);
  if (inode === null) return false;
  try {
    const fds = `/proc/${pid}/fd`;
    return readdirSync(fds).some((fd) => linkOf(`${fds}/${fd}`) === `socket:[${inode}]`);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EACCES' ? null : false;
  }
}

/** Whether anybody listens on a port of 127.0.0.1. */
export const isTaken = (port: number): boolean => inodeOf(port) !== null;

function inodeOf(port: number): string | null {
  // 127.0.0.1 in the byte order of the machine, which is little-endian everywhere that Node runs on Linux
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readFileSync('/proc/net/tcp', 'latin1').split('\n');
  const row = rows
    .map((line) => line.trim().split(/\s+/))
    .find(([, at, , state]) => at === local && state === LISTEN);
  return row?.[9] ?? null;
}

/** A descriptor may be closed while they are listed. */
function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
