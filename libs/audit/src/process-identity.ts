import { readFileSync, readlinkSync } from 'node:fs';
import { errnoOf } from './error.ts';

/** Enough to tell whether the process that wrote it still lives, also when its number was given to another. */
export interface ProcessIdentity {
  readonly pid: number;
  /** start time in clock ticks since boot, '' where /proc does not exist */
  readonly start: string;
  readonly boot: string;
  readonly pidNamespace: string;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function namespaceOf(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** State letter and start time of a process: proc(5), fields 3 and 22 of /proc/<pid>/stat. */
function stat(pid: number): { state: string; start: string } | null {
  const text = read(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields[0], fields[19]];
  return text === '' || state === undefined || start === undefined ? null : { state, start };
}

export function ownIdentity(): ProcessIdentity {
  return {
    pid: process.pid,
    start: stat(process.pid)?.start ?? '',
    boot: read('/proc/sys/kernel/random/boot_id'),
    pidNamespace: namespaceOf(),
  };
}

/** Whether the process lives. A process that cannot be looked at (another pid namespace) counts as living. */
export function isAlive(identity: ProcessIdentity): boolean {
  const own = ownIdentity();
  if (identity.boot !== own.boot) return false;
  if (identity.pidNamespace !== own.pidNamespace) return true;
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
  const found = stat(identity.pid);
  if (found === null || identity.start === '') return true;
  return found.state !== 'Z' && found.start === identity.start;
}
