/**
 * What no program in a bottle may ask of the kernel, as data for every backend that filters system calls. Everything else is allowed: the namespaces, the missing
 * capabilities and the reduced file system are the wall, this list takes away what reaches around or through it.
 */

/** Answered with EPERM. */
export const deniedSyscalls = [
  // other processes' memory, descriptors and state
  'ptrace',
  'process_vm_readv',
  'process_vm_writev',
  'pidfd_getfd',
  'kcmp',
  // keyrings are not namespaced by the namespaces used here
  'add_key',
  'request_key',
  'keyctl',
  // kernel surfaces without a use for an agent
  'bpf',
  'userfaultfd',
  'perf_event_open',
  'lookup_dcookie',
  'fanotify_init',
  'open_by_handle_at',
  'name_to_handle_at',
  // mounts: a read-only folder stays read-only
  'mount',
  'umount2',
  'move_mount',
  'fsopen',
  'fsconfig',
  'fsmount',
  'fspick',
  'open_tree',
  'open_tree_attr',
  'mount_setattr',
  'pivot_root',
  'chroot',
  // further namespaces
  'unshare',
  'setns',
  // the machine itself
  'kexec_load',
  'kexec_file_load',
  'init_module',
  'finit_module',
  'delete_module',
  'create_module',
  'query_module',
  'get_kernel_syms',
  'reboot',
  'swapon',
  'swapoff',
  'acct',
  'quotactl',
  'quotactl_fd',
  'nfsservctl',
  'settimeofday',
  'clock_settime',
  'clock_adjtime',
  'adjtimex',
  'syslog',
  'vhangup',
  'iopl',
  'ioperm',
  'uselib',
  '_sysctl',
  'sysfs',
  'ustat',
] as const;

/** Answered with ENOSYS, so that callers fall back: clone3 hides its flags in memory, io_uring avoids the filter. */
export const absentSyscalls = ['clone3', 'io_uring_setup', 'io_uring_enter', 'io_uring_register'] as const;

/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK (linux/socket.h). */
export const allowedSocketFamilies = [1, 2, 10, 16] as const;

/** TIOCSTI types into a terminal, TIOCLINUX pastes into a console (asm-generic/ioctls.h). */
export const deniedIoctls = [0x5412, 0x541c] as const;

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET (linux/sched.h). */
export const namespaceCloneFlags = 0x7e020000;

/** PER_LINUX, PER_LINUX32, UNAME26 with both, and the query: the ones container engines allow too. */
export const allowedPersonalities = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff] as const;

/** Calls whose arguments decide. */
export const filteredSyscalls = ['socket', 'socketpair', 'ioctl', 'clone', 'personality'] as const;

export type FilteredName =
  | (typeof deniedSyscalls)[number]
  | (typeof absentSyscalls)[number]
  | (typeof filteredSyscalls)[number];
