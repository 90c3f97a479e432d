import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { foreignCallProgram } from './support/foreign-call-program.ts';
import { testEngine } from './support/engine.ts';
import { localBottle, type LocalBottle } from './support/local-bottle.ts';

const engine = await testEngine();

describe.skipIf(engine === null)('the privileges of an agent', () => {
  let local: LocalBottle;
  const warnings: string[] = [];
  beforeAll(async () => {
    if (engine !== null)
      local = await localBottle(
        engine,
        { resources: { memory: 256 * 1024 ** 2, cpus: 1, pids: 100, disk: null } },
        {},
        { onWarning: (message) => warnings.push(message) },
      );
  });
  afterAll(() => local.dispose());

  test('it has no capability, can gain none, and is filtered', async () => {
    const { stdout } = await local.sh(`grep -E '^(Cap|NoNewPrivs|Seccomp:|Uid|Groups)' /proc/self/status`);
    const status = Object.fromEntries(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(/:\s*/, 2)),
    );
    expect(status).toMatchObject({
      Uid: '1000\t1000\t1000\t1000',
      CapInh: '0000000000000000',
      CapPrm: '0000000000000000',
      CapEff: '0000000000000000',
      CapBnd: '0000000000000000',
      CapAmb: '0000000000000000',
      NoNewPrivs: '1',
      Seccomp: '2',
    });
  });

  test.each([
    ['mounts', 'mount -t tmpfs none /tmp'],
    ['makes user namespaces', 'unshare --user --map-root-user true'],
    ['makes mount namespaces', 'unshare --mount true'],
    ['changes the clock', 'date -s 2000-01-01'],
    ['changes the host name', 'hostname other'],
    ['writes to the system', 'touch /etc/x || touch /usr/bin/x || touch /x'],
    ['changes the names of sidecars', 'echo 1.2.3.4 egress >> /etc/hosts || mv /etc/hosts /tmp'],
    ['changes its resolver', 'echo nameserver 8.8.8.8 > /etc/resolv.conf'],
    ['writes to kernel settings', 'echo x > /proc/sys/kernel/core_pattern'],
    ['triggers the kernel', 'echo c > /proc/sysrq-trigger'],
    ['reads kernel memory', 'head -c 1 /proc/kcore'],
    ['makes devices', 'mknod /tmp/disk b 8 0'],
    ['opens disks', 'ls /dev | grep -E "^(sd|vd|nvme|xvd|mem|kmsg|fuse)"'],
    ['writes to control groups', 'f=$(find /sys/fs/cgroup -name cgroup.procs | head -1); echo 1 > "$f"'],
    ['enters the first process', 'cat /proc/1/environ || ls /proc/1/fd || ls /proc/1/root/'],
    ['becomes root', 'su -c id root </dev/null || sudo -n id'],
  ])('it never %s', async (_what, script) => {
    expect((await local.sh(`{ ${script}; } >/dev/null 2>&1 && echo DONE`)).stdout).toBe('');
  });

  const isX64 = process.arch === 'x64';

  // Numbers of x86-64; the rules are by name and the same for every architecture.
  test.skipIf(!isX64).each([
    ['a vsock socket, which reaches the hypervisor', 'syscall(41, 40, 1, 0)', 1],
    ['a socket of the kernel’s cryptography', 'syscall(41, 38, 5, 0)', 1],
    ['a packet socket', 'syscall(41, 17, 3, 0)', 1],
    ['a family with bits above 32', 'syscall(41, (1 << 32) + 40, 1, 0)', 1],
    ['io_uring', 'my $p = "\\0" x 120; syscall(425, 1, $p)', 38],
    ['a new user namespace by clone', 'syscall(56, 0x10000000 | 17, 0, 0, 0, 0)', 1],
    ['clone3, whose flags no filter sees', 'my $p = "\\0" x 64; syscall(435, $p, 64)', 38],
    ['a personality without random addresses', 'syscall(135, 0x0040000)', 1],
    ['the same beside the highest bit', 'syscall(135, 0x80040000)', 1],
    ['a key of the kernel', 'my ($t, $d) = ("user", "x"); syscall(248, $t, $d, $d, 1, -3)', 1],
    ['another process’s memory', 'syscall(101, 16, 1, 0, 0)', 1],
    ['userfaultfd', 'syscall(323, 1)', 1],
  ])('it never gets %s', async (_what, call, errno) => {
    const script = `my $got = do { ${call} }; print $got < 0 ? $! + 0 : "REACHED"`;
    expect((await local.run('perl', '-e', script)).stdout).toBe(String(errno));
  });

  test.skipIf(!isX64)('it calls as a usual program does, and asks for its personality', async () => {
    const script =
      'print join " ", map { $_ >= 0 ? "fine" : $! + 0 } syscall(41, 1, 1, 0), syscall(41, 2, 1, 0), syscall(41, 10, 1, 0), syscall(41, 16, 3, 0), syscall(135, 0xffffffff)';
    expect((await local.run('perl', '-e', script)).stdout).toBe('fine fine fine fine fine');
  });

  test.skipIf(!isX64)('it is ended when it calls as 32-bit programs do', async () => {
    const program = foreignCallProgram().toString('base64');
    const { stdout } = await local.sh(
      `printf %s ${program} | base64 -d > /tmp/foreign && chmod +x /tmp/foreign && { /tmp/foreign; echo "$?"; }`,
    );
    expect(stdout).toBe('159\n');
  });

  test('setuid bits do nothing', async () => {
    const { stdout } = await local.sh(
      'cp /usr/bin/id /tmp/id && chmod u+s /tmp/id && /tmp/id -u; find / -xdev -perm -4000 -type f 2>/dev/null | head -5 | while read f; do "$f" --version >/dev/null 2>&1; done; id -u',
    );
    expect(stdout).toBe('1000\n1000\n');
  });

  test('it sees no process but its own, and can end neither the keeper nor the first process', async () => {
    const { stdout } = await local.sh(
      'for p in /proc/[0-9]*; do printf "%s:%s " "$(stat -c %u $p)" "$(cat $p/comm)"; done; kill -9 1 2>&1; for p in /proc/[0-9]*; do [ "$(cat $p/comm)" = cat ] && [ "$(stat -c %u $p)" != 1000 ] && kill -STOP ${p#/proc/} 2>&1; done; true',
    );
    expect(stdout).toMatch(/65532:(docker-init|tini)/);
    expect(stdout).not.toMatch(/dockerd|containerd|vitest/);
    expect(stdout).toMatch(/not permitted.*not permitted/s);
    expect((await local.run('echo', 'still here')).stdout).toBe('still here\n');
  });

  test('nothing of the host is mounted but what the engine makes', async () => {
    const { stdout } = await local.run('cat', '/proc/self/mountinfo');
    const points = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[4] ?? '');
    const files = points.filter((point) => !/^\/(proc|sys|dev)(\/|$)/.test(point)).toSorted();
    expect(files).toEqual(
      expect.arrayContaining([
        '/',
        '/etc/hostname',
        '/etc/hosts',
        '/etc/resolv.conf',
        '/home/node',
        '/run',
        '/tmp',
        '/var/tmp',
      ]),
    );
    expect(
      files.filter(
        (point) =>
          ![
            '/',
            '/etc/hostname',
            '/etc/hosts',
            '/etc/resolv.conf',
            '/home/node',
            '/run',
            '/tmp',
            '/var/tmp',
            '/sbin/docker-init',
            '/usr/sbin/docker-init',
          ].includes(point),
      ),
    ).toEqual([]);
  });

  test('the engine holds it to its memory', async () => {
    const { code } = await local.run(
      'node',
      '-e',
      'const all = []; for (;;) all.push(Buffer.alloc(32 * 1024 * 1024, 1))',
    );
    expect(code).toBe(137);
    await expect
      .poll(() => warnings)
      .toContain(`${local.identity}: agent ran out of memory, and a process of it was ended`);
    expect((await local.run('echo', 'still here')).stdout).toBe('still here\n');
  });

  test('the engine holds it to its number of processes', async () => {
    const { stdout } = await local.run(
      'perl',
      '-e',
      'my $n = 0; for (1..300) { my $p = fork(); last unless defined $p; if ($p == 0) { sleep 5; exit } $n++ } print $n < 100 ? "held" : "free"; kill 9, 0',
    );
    expect(stdout === 'held' || stdout === '').toBe(true);
    await expect
      .poll(async () => (await local.run('echo', 'still here').catch(() => ({ stdout: '' }))).stdout, {
        timeout: 15_000,
      })
      .toBe('still here\n');
    const forks = await local.run(
      'node',
      '-e',
      `
      const { spawn } = require('node:child_process');
      let failed = 0, made = 0;
      for (let i = 0; i < 150; i += 1) { const c = spawn('sleep', ['2']); c.on('error', () => { failed += 1 }); c.on('spawn', () => { made += 1 }); }
      setTimeout(() => { console.log(failed > 0 && made < 100); process.exit() }, 1500);`,
    );
    expect(forks.stdout.trim()).toBe('true');
  });
});
