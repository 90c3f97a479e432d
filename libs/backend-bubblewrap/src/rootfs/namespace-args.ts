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

/** Private /proc, a /dev of pseudo-devices, and empty places to write; the root itself is closed at the end. */
export function privateArgs(): string[] {
  return [
    ['--proc', '/proc'],
    ['--dev', '/dev', '--perms', '1777', '--tmpfs', '/dev/shm', '--remount-ro', '/dev'],
    ['--perms', '1777', '--tmpfs', '/tmp'],
    ['--perms', '0755', '--tmpfs', '/run'],
  ].flat();
}
