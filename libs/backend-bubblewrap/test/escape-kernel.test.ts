import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arm64Syscalls, x64Syscalls } from '../src/seccomp/syscalls.ts';
import { Subject, users } from './support/subject.ts';

const numbers = process.arch === 'arm64' ? arm64Syscalls : x64Syscalls;
const EPERM = '1';
const ENOSYS = '38';

/** Perl that makes one system call and prints its errno, 0 when it succeeded. */
const call = (name: keyof typeof numbers, ...args: readonly (number | string)[]) =>
  `$! = 0; my $r = syscall(${[numbers[name] ?? -1, ...args].join(', ')}); print(($r == -1 ? $!+0 : 0), "\\n");`;

describe.each(users)('system calls, started by $name', (user) => {
  let subject: Subject;
  const perl = async (script: string) => (await subject.exec('perl', '-e', script)).stdout.trim();
  beforeAll(async () => {
    subject = new Subject(user);
    await subject.open();
  });
  afterAll(() => subject.dispose());

  test.each([
    ['ptrace', 0, 0, 0, 0],
    ['process_vm_readv', 1, 0, 0, 0, 0, 0],
    ['process_vm_writev', 1, 0, 0, 0, 0, 0],
    ['pidfd_getfd', 3, 0, 0],
    ['kcmp', 1, 1, 0, 0, 0],
    ['keyctl', 0, -3, 0],
    ['add_key', 0, 0, 0, 0, 0],
    ['request_key', 0, 0, 0, 0],
    ['bpf', 0, 0, 0],
    ['userfaultfd', 1],
    ['perf_event_open', 0, 0, -1, -1, 0],
    ['mount', 0, 0, 0, 0, 0],
    ['umount2', 0, 0],
    ['move_mount', 0, 0, 0, 0, 0],
    ['fsopen', 0, 0],
    ['fsconfig', 0, 0, 0, 0, 0],
    ['fsmount', 0, 0, 0],
    ['fspick', 0, 0, 0],
    ['open_tree', 0, 0, 0],
    ['mount_setattr', 0, 0, 0, 0, 0],
    ['pivot_root', 0, 0],
    ['chroot', 0],
    ['unshare', 0x10000000],
    ['setns', 0, 0],
    ['kexec_load', 0, 0, 0, 0],
    ['kexec_file_load', 0, 0, 0, 0, 0],
    ['init_module', 0, 0, 0],
    ['finit_module', 0, 0, 0],
    ['delete_module', 0, 0],
    ['reboot', 0, 0, 0, 0],
    ['swapon', 0, 0],
    ['acct', 0],
    ['syslog', 10, 0, 0],
    ['open_by_handle_at', -100, 0, 0],
    ['fanotify_init', 0, 0],
    ['personality', 0x400000],
    ['clone', 0x10000011, 0, 0, 0, 0],
    ['clone', 0x20011, 0, 0, 0, 0],
  ] as const)('%s is denied', async (name, ...args) => {
    expect(await perl(call(name, ...args))).toBe(EPERM);
  });

  test.each([
    ['clone3', 0, 0],
    ['io_uring_setup', 1, 0],
    ['io_uring_enter', 0, 0, 0, 0, 0, 0],
    ['io_uring_register', 0, 0, 0, 0],
  ] as const)('%s is not there', async (name, ...args) => {
    expect(await perl(call(name, ...args))).toBe(ENOSYS);
  });

  test.each([
    ['AF_PACKET', 17, 3],
    ['AF_VSOCK', 40, 1],
    ['AF_ALG', 38, 5],
    ['AF_BLUETOOTH', 31, 3],
    ['AF_KEY', 15, 3],
    ['AF_XDP', 44, 3],
    ['AF_TIPC', 30, 1],
  ] as const)('an %s socket is refused', async (_name, family, type) => {
    expect(await perl(call('socket', family, type, 0))).toBe(EPERM);
  });

  test('a raw socket is refused, also for ICMP', async () => {
    expect(await perl(call('socket', 2, 3, 1))).toBe(EPERM);
    expect(await perl(call('socket', 10, 3, 58))).toBe(EPERM);
  });

  test('the socket families that programs need work', async () => {
    for (const family of [1, 2, 10]) expect(await perl(call('socket', family, 1, 0))).toBe('0');
    expect(await perl(call('socket', 16, 3, 0))).toBe('0');
  });

  test('TIOCSTI is refused with its number and with upper bits set', async () => {
    const script = (request: string) =>
      `my $c = "x"; $! = 0; my $r = syscall(${numbers.ioctl}, 0, ${request}, $c); print(($r == -1 ? $!+0 : 0), "\\n");`;
    expect(await perl(script('0x5412'))).toBe(EPERM);
    expect(await perl(script('0x7fffffff00005412'))).toBe(EPERM);
    expect(await perl(script('0x541c'))).toBe(EPERM);
  });

  test.runIf(process.arch === 'x64')('x32 calls are refused', async () => {
    expect(await perl('$! = 0; syscall(0x40000000 + 39); print $!+0')).toBe(EPERM);
  });

  test('a user namespace cannot be made by a program, either', async () => {
    expect((await subject.sh('unshare -Ur true 2>&1')).code).not.toBe(0);
    expect((await subject.sh('bwrap --ro-bind / / true 2>&1')).code).not.toBe(0);
    expect((await subject.sh('nsenter -t 1 -m true 2>&1')).code).not.toBe(0);
  });

  test('a read-only folder cannot be made writable', async () => {
    expect((await subject.sh('mount -o remount,rw /usr 2>&1')).code).not.toBe(0);
    expect((await subject.sh('mount -t tmpfs none /mnt 2>&1')).code).not.toBe(0);
  });
});
