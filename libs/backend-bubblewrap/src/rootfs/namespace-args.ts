import type { MemoryFiles } from '../limits.ts';

/** What every sandbox of ours has in common: namespaces, identity, no way to get more. */
export function namespaceArgs({ network, ids }: { network: boolean; ids: number }): string[] {
  return [
    '--unshare-user',
    '--disable-userns',
    '--unshare-pid',
    '--unshare-ipc',
    '--unshare-uts',
    '--unshare-cgroup-try',
    ...(network ? [] : ['--unshare-net']),
    '--die-with-parent',
    '--new-session',
    '--cap-drop',
    'ALL',
    '--uid',
    String(ids),
    '--gid',
    String(ids),
    '--hostname',
    'bottle',
  ];
}

const RUN_BYTES = 16 * 1024 ** 2;

/** Private /proc, a /dev of pseudo-devices, and empty places to write; the root itself is closed at the end. */
export function privateArgs({ tmp, other }: MemoryFiles): string[] {
  return [
    ['--proc', '/proc'],
    ['--dev', '/dev', ...memoryFolder('/dev/shm', '1777', other), '--remount-ro', '/dev'],
    memoryFolder('/tmp', '1777', tmp),
    memoryFolder('/run', '0755', RUN_BYTES),
  ].flat();
}

/** A writable folder in memory that holds at most so many bytes. */
export function memoryFolder(path: string, mode: string, bytes: number): string[] {
  return ['--perms', mode, '--size', String(bytes), '--tmpfs', path];
}
