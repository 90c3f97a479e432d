import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';

// O_CLOEXEC of asm-generic/fcntl.h
const closeOnExec = 0o2000000;

/**
 * Descriptors that this process got from its parent and would pass on: a shell's, an editor's. Node opens its own with
 * close-on-exec and marks the lowest of the inherited ones, but not those after a gap.
 */
export function inheritedDescriptors(): number[] {
  return readdirSync('/proc/self/fdinfo')
    .map(Number)
    .filter((fd) => fd > 2 && isInherited(fd));
}

/**
 * Runs `start` with the entries for `stdio` that put /dev/null over each inherited descriptor in the child.
 *
 * @param wanted entries for descriptors 0, 1, 2 …; the child gets those as they are
 */
export function withoutInherited<Entry, T>(
  wanted: readonly Entry[],
  start: (stdio: Array<Entry | number | 'ignore'>) => T,
): T {
  const inherited = inheritedDescriptors();
  if (inherited.length === 0) return start([...wanted]);
  const nothing = openSync('/dev/null', 'r');
  try {
    const length = Math.max(wanted.length, ...inherited.map((fd) => fd + 1));
    const stdio = Array.from({ length }, (_, fd) => {
      const entry = wanted[fd] ?? 'ignore';
      return entry === 'ignore' && inherited.includes(fd) ? nothing : entry;
    });
    return start(stdio);
  } finally {
    closeSync(nothing);
  }
}

function isInherited(fd: number): boolean {
  try {
    const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? '0';
    return (Number.parseInt(flags, 8) & closeOnExec) === 0;
  } catch {
    return false;
  }
}
