import { encode, type Instruction, jeq, jset, load, ret } from './bpf.ts';
import {
  absentSyscalls,
  allowedPersonalities,
  allowedSocketFamilies,
  deniedIoctls,
  deniedSyscalls,
  type FilteredName,
  namespaceCloneFlags,
} from '@bot-bottle/backend';
import { arm64Syscalls, type SyscallTable, x64Syscalls } from './syscalls.ts';

export type Architecture = 'x64' | 'arm64';

// seccomp(2): SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | errno
export const allow = 0x7fff0000;
export const eperm = 0x00050000 | 1;
export const enosys = 0x00050000 | 38;

// struct seccomp_data: int nr, u32 arch, u64 instruction_pointer, u64 args[6]; both architectures are little-endian
const numberOffset = 0;
const archOffset = 4;
const lowWordOfArg = (index: number) => 16 + index * 8;

interface Target {
  readonly audit: number;
  readonly table: SyscallTable;
  /** bit that marks calls of a second ABI under the same audit architecture */
  readonly foreignBit: number | null;
}

const targets: Readonly<Record<Architecture, Target>> = {
  // linux/audit.h; x32 shares AUDIT_ARCH_X86_64 and sets __X32_SYSCALL_BIT
  x64: { audit: 0xc000003e, table: x64Syscalls, foreignBit: 0x40000000 },
  arm64: { audit: 0xc00000b7, table: arm64Syscalls, foreignBit: null },
};

/**
 * The filter of every bottle and sidecar: default allow, denied calls fail with EPERM, nothing is ever killed. Arguments
 * are compared on their low 32 bits, because the kernel takes them as `int` and ignores the rest.
 */
export function buildFilter(architecture: Architecture): readonly Instruction[] {
  const { audit, table, foreignBit } = targets[architecture];
  const program: Instruction[] = [load(archOffset), jeq(audit, 1, 0), ret(eperm), load(numberOffset)];
  if (foreignBit !== null) program.push(jset(foreignBit, 0, 1), ret(eperm));

  const when = (name: FilteredName, body: readonly Instruction[]) => {
    const number = table[name];
    if (number !== undefined) program.push(jeq(number, 0, body.length), ...body);
  };
  for (const name of deniedSyscalls) when(name, [ret(eperm)]);
  for (const name of absentSyscalls) when(name, [ret(enosys)]);
  when('socket', argumentIn(0, allowedSocketFamilies, allow, eperm));
  when('socketpair', argumentIn(0, allowedSocketFamilies, allow, eperm));
  when('ioctl', argumentIn(1, deniedIoctls, eperm, allow));
  when('personality', argumentIn(0, allowedPersonalities, allow, eperm));
  when('clone', [load(lowWordOfArg(0)), jset(namespaceCloneFlags, 0, 1), ret(eperm), ret(allow)]);
  program.push(ret(allow));
  return program;
}

/** The filter as bytes for the machine this runs on, null where none is written for it. */
export function seccompProgram(architecture: string = process.arch): Buffer | null {
  return architecture === 'x64' || architecture === 'arm64' ? encode(buildFilter(architecture)) : null;
}

function argumentIn(
  index: number,
  values: readonly number[],
  inside: number,
  outside: number,
): Instruction[] {
  const compare = values.map((value, at) => jeq(value, values.length - at, 0));
  return [load(lowWordOfArg(index)), ...compare, ret(outside), ret(inside)];
}
