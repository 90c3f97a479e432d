import { existsSync } from 'node:fs';
import { release } from 'node:os';
import type { Capabilities } from '@bot-bottle/backend';

// threads of init itself, which share the limit
const INIT_THREADS = 24;

/** Limits that are really enforced on this host. */
export function enforcedLimits(kernel: string = release()): Capabilities['resourceLimits'] {
  return perNamespaceCounts(kernel) && existsSync('/usr/bin/prlimit') ? ['pids'] : [];
}

/** What to put before a command inside a bottle so that it and all it starts stay within the limits. */
export function limitCommand(resources: { readonly pids: number | null }): string[] {
  if (resources.pids === null || enforcedLimits().length === 0) return [];
  const count = resources.pids + INIT_THREADS;
  return ['/usr/bin/prlimit', `--nproc=${count}:${count}`, '--'];
}

// since 5.14 RLIMIT_NPROC counts per user namespace, not all of the user's processes (linux 21d1c5e386bc)
function perNamespaceCounts(kernel: string): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map(Number);
  return major > 5 || (major === 5 && minor >= 14);
}
