import { existsSync, readFileSync } from 'node:fs';
import { release, totalmem } from 'node:os';
import type { Capabilities } from '@bot-bottle/backend';

// threads of init itself, which share the limit
const INIT_THREADS = 24;

/** Limits that are really enforced on this host. */
export function enforcedLimits(kernel: string = release()): Capabilities['resourceLimits'] {
  return perNamespaceCounts(kernel) && existsSync('/usr/bin/prlimit') ? ['pids'] : [];
}

// far above what builds need, far below what the host has: it is for the host, not for the operator to choose
const BACKSTOP_PIDS = 8192;

/** What to put before a command inside a bottle so that it and all it starts stay within the limits. */
export function limitCommand(
  resources: { readonly pids: number | null },
  hardLimit: number = processLimit(readFileSync('/proc/self/limits', 'latin1')),
): string[] {
  if (enforcedLimits().length === 0) return [];
  // nobody but root may go above the limit that is there
  const count = Math.min((resources.pids ?? BACKSTOP_PIDS) + INIT_THREADS, hardLimit);
  return ['/usr/bin/prlimit', `--nproc=${count}:${count}`, '--'];
}

/** Hard limit of processes in a text like `/proc/self/limits` (proc_pid_limits(5)), Infinity when there is none. */
export function processLimit(text: string): number {
  const hard = /^Max processes\s+\S+\s+(\d+)/m.exec(text)?.[1];
  return hard === undefined ? Number.POSITIVE_INFINITY : Number(hard);
}

export interface MemoryFiles {
  /** bytes that `/tmp` may hold */
  readonly tmp: number;
  /** bytes that `/var/tmp` and `/dev/shm` may hold, each */
  readonly other: number;
}

/**
 * Sizes for folders that live in memory. Without one the kernel gives each of them half of the memory, and what they
 * hold is not freed by ending processes: an agent could fill the machine with a few files.
 */
export function memoryFiles(memory: number = availableMemory()): MemoryFiles {
  return { tmp: Math.floor(memory / 4), other: Math.floor(memory / 8) };
}

/** For sidecars, which have no reason to write more than a few files. */
export const fewFiles: MemoryFiles = { tmp: 64 * 1024 ** 2, other: 16 * 1024 ** 2 };

function availableMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

// since 5.14 RLIMIT_NPROC counts per user namespace, not all of the user's processes (linux 21d1c5e386bc)
function perNamespaceCounts(kernel: string): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map(Number);
  return major > 5 || (major === 5 && minor >= 14);
}
