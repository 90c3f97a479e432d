import {
  absentSyscalls,
  allowedPersonalities,
  allowedSocketFamilies,
  deniedIoctls,
  deniedSyscalls,
  namespaceCloneFlags,
} from '@bot-bottle/backend';

/** One comparison of an argument, as in the OCI runtime specification. */
interface Comparison {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: 'SCMP_CMP_EQ' | 'SCMP_CMP_GT' | 'SCMP_CMP_MASKED_EQ';
}

interface Rule {
  readonly names: readonly string[];
  readonly action: 'SCMP_ACT_ERRNO';
  readonly errnoRet: number;
  readonly args?: readonly Comparison[];
}

/** A profile as the engine takes it. */
export interface SeccompProfile {
  readonly defaultAction: 'SCMP_ACT_ALLOW';
  readonly archMap: ReadonlyArray<{
    readonly architecture: string;
    readonly subArchitectures: readonly string[];
  }>;
  readonly syscalls: readonly Rule[];
}

const EPERM = 1;
const ENOSYS = 38;

/**
 * What the engine's own profile denies to a container without capabilities besides what no bottle may do. Names that a
 * kernel does not have count for nothing.
 */
const deniedByEngines = [
  'get_mempolicy',
  'mbind',
  'migrate_pages',
  'move_pages',
  'set_mempolicy',
  'set_mempolicy_home_node',
  'process_madvise',
  'fanotify_mark',
  'clock_settime64',
  'clock_adjtime64',
  'stime',
  'umount',
  'vm86',
  'vm86old',
  'vserver',
  'memfd_secret',
] as const;

/**
 * The same rules as on every other backend, in the engine's words. The engine's own profile leaves open what reaches past
 * every namespace: sockets to the hypervisor (AF_VSOCK), and io_uring, whose calls no filter sees; and it lets a program
 * switch to the calls of 32-bit programs, whose `socketcall` hides the family. This one knows one architecture, and the
 * kernel ends whoever calls by another.
 */
export function seccompProfile(): SeccompProfile {
  return {
    defaultAction: 'SCMP_ACT_ALLOW',
    archMap: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_AARCH64'].map((architecture) => ({
      architecture,
      subArchitectures: [],
    })),
    syscalls: [
      { names: [...deniedSyscalls, ...deniedByEngines], action: 'SCMP_ACT_ERRNO', errnoRet: EPERM },
      { names: [...absentSyscalls], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
      ...otherFamilies().map((comparison) => denied(['socket', 'socketpair'], comparison)),
      ...deniedIoctls.map((request) => denied(['ioctl'], lowWordIs(1, request))),
      ...bitsOf(namespaceCloneFlags).map((flag) => denied(['clone'], masked(0, flag, flag))),
      ...otherPersonalities().map((comparison) => denied(['personality'], comparison)),
    ],
  };
}

const denied = (names: readonly string[], comparison: Comparison): Rule => ({
  names,
  action: 'SCMP_ACT_ERRNO',
  errnoRet: EPERM,
  args: [comparison],
});

/** Whether the bits of `mask` in an argument are those of `value`; what is above 32 bits the kernel ignores. */
const masked = (index: number, mask: number, value: number): Comparison => ({
  index,
  value: mask,
  valueTwo: value,
  op: 'SCMP_CMP_MASKED_EQ',
});

const lowWordIs = (index: number, value: number): Comparison => masked(index, 0xffffffff, value);

/** A rule denies where one comparison holds, so that what is not allowed is written as what is next to it. */
function otherFamilies(): Comparison[] {
  const highest = Math.max(...allowedSocketFamilies);
  const below = Array.from({ length: highest }, (_, family) => family).filter(
    (family) => !allowedSocketFamilies.some((allowed) => allowed === family),
  );
  return [
    // A family with bits above the 32 that the kernel looks at is as good as one that is too high.
    { index: 0, value: highest, op: 'SCMP_CMP_GT' },
    ...below.map((value): Comparison => ({ index: 0, value, op: 'SCMP_CMP_EQ' })),
  ];
}

/**
 * Every value but the allowed ones: those are the combinations of two bits, and all 32 bits together, which asks for the
 * present one.
 */
function otherPersonalities(): Comparison[] {
  const top = 0x80000000;
  const combined = allowedPersonalities.reduce<number>(
    (bits, value) => (value < top ? bits | value : bits),
    0,
  );
  const lower = Array.from({ length: 31 }, (_, bit) => 2 ** bit);
  return [
    ...lower.filter((bit) => (combined & bit) === 0).map((bit) => masked(0, top + bit, bit)),
    ...lower.map((bit) => masked(0, top + bit, top)),
  ];
}

function bitsOf(flags: number): number[] {
  return Array.from({ length: 31 }, (_, bit) => 2 ** bit).filter((bit) => (flags & bit) !== 0);
}
