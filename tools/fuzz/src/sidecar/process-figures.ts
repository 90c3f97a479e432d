import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface ProcessFigures {
  readonly rssMiB: number;
  /** open descriptors, sockets among them */
  readonly descriptors: number;
  readonly sockets: number;
}

const MIB = 1024;

/** What the kernel says of a process; null when it is gone. */
export function processFigures(pid: number): ProcessFigures | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kibibytes = /VmRSS:\s+(\d+) kB/.exec(status)?.[1];
    // one that is ending has no memory any more
    if (kibibytes === undefined) return null;
    const rssMiB = Number(kibibytes) / MIB;
    const descriptors = readdirSync(`/proc/${pid}/fd`).length;
    return { rssMiB, descriptors, sockets: socketsOf(pid) };
  } catch {
    return null;
  }
}

/** TCP sockets of a process by the kernel's own table of that network namespace. */
function socketsOf(pid: number): number {
  const inodes = new Set<string>();
  for (const table of ['tcp', 'tcp6']) {
    for (const line of readFileSync(`/proc/${pid}/net/${table}`, 'utf8').split('\n').slice(1)) {
      const inode = line.trim().split(/\s+/)[9];
      if (inode !== undefined && inode !== '0') inodes.add(inode);
    }
  }
  return ownInodes(pid).filter((inode) => inodes.has(inode)).length;
}

function ownInodes(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });
}
