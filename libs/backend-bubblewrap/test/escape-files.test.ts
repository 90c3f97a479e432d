import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Subject, users } from './support/subject.ts';

describe.each(users)('files, started by $name', (user) => {
  let subject: Subject;
  let secret: string;
  beforeAll(async () => {
    subject = new Subject(user);
    const ssh = join(subject.home, '.ssh');
    mkdirSync(ssh);
    secret = join(ssh, 'id_ed25519');
    writeFileSync(secret, 'private-key', { mode: 0o600 });
    for (const path of [ssh, secret]) if (user.uid !== null) chownSync(path, user.uid, user.uid);
    await subject.open();
  });
  afterAll(() => subject.dispose());

  test('the home of the operator is not there', async () => {
    expect((await subject.exec('cat', secret)).code).not.toBe(0);
    expect((await subject.sh(`ls -A ${subject.home} /root /home`)).stdout).not.toMatch(
      /\.ssh|\.bot-bottle\n/,
    );
  });

  test('not through /proc of any process, either', async () => {
    const found = await subject.sh(
      `for p in /proc/[0-9]*; do cat $p/root${secret} $p/cwd${secret}; done; true`,
    );
    expect(found.stdout).toBe('');
  });

  test('of the home of root there is at most the way to a program that is shown', async () => {
    const found = await subject.sh('find /root -type f -not -path "*/node_modules/node-linux-*" 2>/dev/null');
    expect(found.stdout).toBe('');
  });

  test.each([
    '/etc/shadow',
    '/etc/gshadow',
    '/etc/ssh',
    '/var/lib',
    '/var/run/docker.sock',
    '/run/docker.sock',
    '/sys/kernel',
    '/mnt',
    '/boot',
    '/var/log',
    '/run/systemd',
    '/etc/sudoers',
  ])('%s is not there', async (path) => {
    expect((await subject.exec('ls', path)).code).not.toBe(0);
  });

  test('passwd names only the users of the bottle', async () => {
    const names = (await subject.exec('cut', '-d:', '-f1', '/etc/passwd')).stdout.trim().split('\n');
    expect(names).toEqual(['root', 'node', 'nobody']);
  });

  test.each([
    '/',
    '/usr',
    '/usr/bin',
    '/etc',
    '/bin',
    '/lib',
    '/opt',
    '/opt/bot-bottle',
    '/opt/bot-bottle/bin',
    '/dev',
    '/run/bot-bottle',
    '/run/bot-bottle/egress',
    '/proc',
    '/proc/sys/kernel',
    '/var',
    '/home',
  ])('nothing can be written to %s', async (path) => {
    expect((await subject.sh(`touch ${path}/planted 2>&1`)).code).not.toBe(0);
    expect(existsSync(join(path, 'planted'))).toBe(false);
  });

  test.each(['/home/node', '/tmp', '/var/tmp', '/dev/shm', '/run'])(
    '%s can be written to and is private',
    async (path) => {
      expect((await subject.sh(`echo x > ${path}/planted-here`)).code).toBe(0);
      if (path !== '/home/node') expect(existsSync(join(path, 'planted-here'))).toBe(false);
    },
  );

  test('the Node of init can be run but neither read nor made readable', async () => {
    expect((await subject.sh('head -c1 /opt/bot-bottle/node')).code).not.toBe(0);
    expect((await subject.sh('chmod 755 /opt/bot-bottle/node 2>&1')).code).not.toBe(0);
  });

  test('kernel settings cannot be changed', async () => {
    expect(
      (await subject.sh('echo 1 > /proc/sys/kernel/core_uses_pid; echo x > /proc/sysrq-trigger')).code,
    ).not.toBe(0);
    expect((await subject.sh('echo x > /proc/sys/kernel/hostname')).code).not.toBe(0);
  });

  test('setuid programs give nothing', async () => {
    const result = await subject.sh(
      'grep NoNewPrivs /proc/self/status; su -c id root </dev/null 2>&1; sudo -n id 2>&1; id -u',
    );
    expect(result.stdout).toMatch(/NoNewPrivs:\s+1/);
    expect(result.stdout.trim().split('\n').at(-1)).toBe('1000');
    expect(result.stdout).not.toContain('uid=0');
  });

  test('a setuid file made inside belongs to nobody of the host', async () => {
    await subject.sh('cp /usr/bin/id /home/node/id && chmod 6755 /home/node/id');
    const files = execFileSync('find', [
      subject.folder,
      '-name',
      'id',
      '-perm',
      '-4000',
      '-printf',
      '%U\n',
    ]).toString();
    expect(files.trim()).not.toBe('0');
    const result = await subject.exec('/home/node/id', '-u');
    expect(result.stdout.trim()).toBe('1000');
  });

  test('there are no capabilities', async () => {
    const status = (await subject.exec('grep', '^Cap', '/proc/self/status')).stdout;
    expect(
      status
        .trim()
        .split('\n')
        .map((line) => line.split('\t')[1]),
    ).toEqual(Array(5).fill('0000000000000000'));
  });

  test('a program leaves no core file', async () => {
    const result = await subject.sh(
      'ulimit -c; ulimit -c unlimited 2>/dev/null; cd /tmp; sh -c "kill -SEGV \\$\\$"; ls /tmp',
    );
    expect(result.stdout).not.toMatch(/core/);
    expect((await subject.exec('grep', 'Max core', '/proc/self/limits')).stdout).toMatch(/\s1\s+1\s/);
  });

  test('links in the home that lead out of it lead nowhere', async () => {
    await subject.sh(`ln -s ${secret} /home/node/link; ln -s / /home/node/root`);
    expect((await subject.exec('cat', '/home/node/link')).code).not.toBe(0);
    expect((await subject.exec('cat', `/home/node/root${secret}`)).code).not.toBe(0);
  });

  test('closing removes a home full of traps and nothing else', async () => {
    const victim = join(subject.folder, 'victim');
    mkdirSync(victim);
    writeFileSync(join(victim, 'kept'), 'kept');
    chmodSync(victim, 0o777);
    await subject.sh(
      `ln -s ${victim} /home/node/victim; mkdir -p /home/node/locked/deep; touch /home/node/locked/deep/file; chmod 000 /home/node/locked/deep /home/node/locked`,
    );
    expect(await subject.ask('close')).toEqual([]);
    expect(readFileSync(join(victim, 'kept'), 'utf8')).toBe('kept');
    expect(existsSync(join(subject.stateDir, 'home'))).toBe(false);
    expect(
      readdirSync(join(subject.runtimeDir, 'bubblewrap')).filter((name) => !name.startsWith('.')),
    ).toEqual([]);
    rmSync(victim, { recursive: true });
  });
});
