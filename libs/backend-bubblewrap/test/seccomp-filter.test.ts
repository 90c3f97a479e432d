import { expect, test, describe } from 'vitest';
import fc from 'fast-check';
import { allow, buildFilter, enosys, eperm, seccompProgram } from '../src/seccomp/filter.ts';
import { absentSyscalls, allowedSocketFamilies, deniedSyscalls } from '@bot-bottle/backend';
import { arm64Syscalls, x64Syscalls } from '../src/seccomp/syscalls.ts';
import { evaluate } from './seccomp-interpreter.ts';

const machines = [
  { name: 'x64', arch: 0xc000003e, table: x64Syscalls },
  { name: 'arm64', arch: 0xc00000b7, table: arm64Syscalls },
] as const;

describe.each(machines)('$name', ({ name, arch, table }) => {
  const program = buildFilter(name);
  const run = (nr: number | undefined, ...args: bigint[]) => evaluate(program, { arch, nr: nr ?? -1, args });

  test('denied calls get EPERM and absent ones ENOSYS', () => {
    for (const call of deniedSyscalls)
      if (table[call] !== undefined) expect(run(table[call]), call).toBe(eperm);
    for (const call of absentSyscalls) expect(run(table[call]), call).toBe(enosys);
  });

  test('every call that is not listed is allowed', () => {
    const listed = new Set(Object.values(table));
    fc.assert(fc.property(fc.integer({ min: 0, max: 600 }), (nr) => listed.has(nr) || run(nr) === allow));
  });

  test('sockets of other families are refused, whatever the upper half of the argument says', () => {
    const families: readonly number[] = allowedSocketFamilies;
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 60 }),
        fc.bigInt({ min: 0n, max: 0xffffffffn }),
        (family, upper) => {
          const verdict = families.includes(family) ? allow : eperm;
          const argument = (upper << 32n) | BigInt(family);
          return run(table.socket, argument) === verdict && run(table.socketpair, argument) === verdict;
        },
      ),
    );
  });

  test('TIOCSTI and TIOCLINUX are refused also with upper bits set, TIOCGWINSZ is allowed', () => {
    for (const request of [0x5412n, 0x541cn, 0xdeadbeef00005412n, 0x10000541cn])
      expect(run(table.ioctl, 0n, request)).toBe(eperm);
    expect(run(table.ioctl, 0n, 0x5413n)).toBe(allow);
  });

  test('clone makes threads and processes but no namespaces', () => {
    expect(run(table.clone, 0x3d0f00n)).toBe(allow);
    expect(run(table.clone, 17n)).toBe(allow);
    for (const flag of [0x20000n, 0x2000000n, 0x4000000n, 0x8000000n, 0x10000000n, 0x20000000n, 0x40000000n])
      expect(run(table.clone, flag | 17n)).toBe(eperm);
  });

  test('a personality that changes memory layout is refused', () => {
    expect(run(table.personality, 0n)).toBe(allow);
    expect(run(table.personality, 0xffffffffn)).toBe(allow);
    expect(run(table.personality, 0x400000n)).toBe(eperm);
    expect(run(table.personality, 0x40000n)).toBe(eperm);
  });
});

test('calls of a foreign architecture are refused', () => {
  expect(evaluate(buildFilter('x64'), { arch: 0x40000003, nr: 1 })).toBe(eperm);
  expect(evaluate(buildFilter('arm64'), { arch: 0x40000028, nr: 1 })).toBe(eperm);
});

test('x32 calls are refused', () => {
  expect(evaluate(buildFilter('x64'), { arch: 0xc000003e, nr: 0x40000001 })).toBe(eperm);
});

test('an architecture without a table has no program', () => {
  expect(seccompProgram('riscv64')).toBeNull();
  expect(seccompProgram('x64')?.length).toBe(buildFilter('x64').length * 8);
});
