import { chownSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Subject, users } from './support/subject.ts';
import { isRunning, waitUntil } from './support/wait-until.ts';

interface Started {
  readonly pid: number;
  readonly first: string;
}

const bin = '/opt/bot-bottle/bin';
const programs = ['/usr/bin/git', '/usr/bin/ssh', '/bin/sh'];

describe.each(users)('a sidecar that may run git and ssh, started by $name', (user) => {
  let subject: Subject;
  /** Runs code in the gate's sandbox; it prints one JSON line. */
  const inside = async <T>(expression: string): Promise<T> => {
    const program = join(subject.folder, `gate-${Math.random()}.js`);
    const code = `import * as fs from 'node:fs'; import * as net from 'node:net'; import * as child from 'node:child_process';
      const attempt = (f) => { try { return f(); } catch (error) { return error.code ?? String(error); } };
      const run = (file, args, env = {}) => { const r = child.spawnSync(file, args, { env, encoding: 'utf8' }); return r.error ? r.error.code : r.status + ' ' + (r.stdout + r.stderr).trim(); };
      console.log(JSON.stringify(await (${expression})));`;
    writeFileSync(program, code, { mode: 0o644 });
    const spec = { name: 'git-gate', program, network: true, programs, scratch: true };
    const { first } = await subject.ask<Started>('sidecar', { spec });
    return JSON.parse(first) as T;
  };
  const give = (path: string): void => {
    if (user.uid !== null) chownSync(path, user.uid, user.uid);
  };
  const scratch = (): string =>
    user.name === 'root'
      ? join(subject.options.homesDir, '.scratch', subject.identity)
      : join(subject.stateDir, 'scratch');

  beforeEach(async () => {
    subject = new Subject(user);
    await subject.open({ sidecars: ['egress', 'git-gate'] }, true);
  });
  afterEach(() => subject.dispose());

  test('runs git, which finds its own commands and a shell', async () => {
    const found = await inside<string[]>(
      `[run('${bin}/git', ['init', '--quiet', '--bare', '--template=', '/var/lib/bot-bottle/r.git']),
        run('${bin}/git', ['-C', '/var/lib/bot-bottle/r.git', '-c', 'alias.x=!echo from-shell', 'x']),
        run('${bin}/git', ['-C', '/var/lib/bot-bottle/r.git', 'rev-parse', '--is-bare-repository'])]`,
    );
    expect(found).toEqual(['0 ', '0 from-shell', '0 true']);
  });

  test('runs ssh, which knows its user', async () => {
    const found = await inside<string>(
      `run('${bin}/ssh', ['-T', '-F', '/dev/null', '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=5', '-p', '1', 'git@127.0.0.1'])`,
    );
    expect(found).toMatch(/^255 ssh: connect to host 127\.0\.0\.1 port 1: Connection refused/);
  });

  test('has a private folder on disk that outlives its restart and goes with the bottle', async () => {
    await inside(`fs.writeFileSync('/var/lib/bot-bottle/kept', 'x') ?? null`);
    expect(
      await inside(
        `[fs.readdirSync('/var/lib/bot-bottle'), fs.statSync('/var/lib/bot-bottle').mode & 0o777]`,
      ),
    ).toEqual([['kept'], 0o700]);
    const data = join(scratch(), 'git-gate', 'data');
    expect(readdirSync(data)).toEqual(['kept']);
    expect(statSync(join(data, '..')).mode & 0o007).toBe(0);
    if (user.name === 'root') expect(statSync(data).uid).toBeGreaterThan(61183);
    await subject.ask('close');
    expect(existsSync(scratch())).toBe(false);
  });

  test("sees neither the operator's home and keys nor other sidecars, sockets and memory", async () => {
    const ssh = join(subject.home, '.ssh');
    mkdirSync(ssh, { mode: 0o700 });
    writeFileSync(join(ssh, 'id_ed25519'), 'key', { mode: 0o600 });
    for (const path of [ssh, join(ssh, 'id_ed25519')]) give(path);
    const egress = join(subject.folder, 'egress.js');
    writeFileSync(egress, `console.log('up'); process.stdin.on('end', () => process.exit(0)).resume();`, {
      mode: 0o644,
    });
    await subject.ask('sidecar', { spec: { name: 'egress', program: egress, network: true } });
    const paths = [
      join(ssh, 'id_ed25519'),
      subject.home,
      subject.stateDir,
      subject.runtimeDir,
      '/root',
      '/home/node/.ssh',
      '/etc/shadow',
      '/etc/ssh',
      '/var/run/docker.sock',
      '/run/docker.sock',
      '/run/containerd',
      '/run/bot-bottle/egress.sock',
      '/var/lib/bot-bottle/../dpkg',
      '/usr/bin/curl',
      '/usr/bin/python3',
      '/usr/share',
    ];
    const seen = await inside<{
      found: string[];
      sockets: string[];
      lib: string[];
      home: string[];
      pids: string[];
      bin: string[];
    }>(
      `({ found: ${JSON.stringify(paths)}.filter((path) => fs.existsSync(path)), sockets: fs.readdirSync('/run/bot-bottle'), lib: fs.readdirSync('/var/lib'), home: fs.readdirSync('/home/node'), pids: fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name)), bin: fs.readdirSync('${bin}') })`,
    );
    // Of /usr/share only what TLS and time need.
    expect(seen.found.filter((path) => path !== '/usr/share')).toEqual([]);
    expect(seen).toMatchObject({ sockets: [], lib: ['bot-bottle'], home: [], pids: ['1', '2'] });
    expect(seen.bin.toSorted()).toEqual(['git', 'sh', 'ssh']);
  });

  test('gets no more of a program that it runs: no capabilities, no way to gain any, nothing writable', async () => {
    const script = [
      'while read -r key value; do case $key in CapEff:|NoNewPrivs:) echo $key$value;; esac; done < /proc/self/status',
      'echo x 2>/dev/null > /usr/bin/git || echo read-only',
      `echo x 2>/dev/null > ${bin}/git || echo read-only`,
      'echo x 2>/dev/null > /etc/passwd || echo read-only',
    ].join('\n');
    const found = await inside<string>(`run('/bin/sh', ['-c', ${JSON.stringify(script)}])`);
    expect(found).toBe('0 CapEff:0000000000000000\nNoNewPrivs:1\nread-only\nread-only\nread-only');
  });

  test('reaches the host over the network as the egress sidecar does, but no path socket', async () => {
    const socket = join(subject.folder, 'host.sock');
    const server = createServer((client) => client.end('reached'));
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    const found = await inside<string>(
      `new Promise((resolve) => net.connect(${JSON.stringify(socket)}).on('connect', () => resolve('reached')).on('error', (error) => resolve(error.code)))`,
    );
    server.close();
    expect(found).toBe('ENOENT');
  });

  test('leaves no zombies of what its programs left behind', async () => {
    const states = await inside<string[]>(
      `(async () => {
        run('/bin/sh', ['-c', '(exec 2>&- >&-; /bin/sh -c : &) &']);
        const others = () => fs.readdirSync('/proc').filter((name) => Number(name) > 2).map((name) => attempt(() => fs.readFileSync('/proc/' + name + '/stat', 'latin1').split(' ')[2]));
        const deadline = Date.now() + 5000;
        while (others().length > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
        return others();
      })()`,
    );
    expect(states).toEqual([]);
  });

  test.each([
    ['SIGTERM', { code: 7, signal: null }],
    ['SIGKILL', { code: null, signal: null }],
  ] as const)('gets %s, although it is not the first process of its sandbox', async (signal, status) => {
    const program = join(subject.folder, 'signalled.js');
    const code = `process.on('SIGTERM', () => process.exit(7)); console.log('up'); process.stdin.resume();`;
    writeFileSync(program, `process.stdin.on('end', () => process.exit(0)); ${code}`, { mode: 0o644 });
    const spec = { name: 'git-gate', program, network: true, programs, scratch: true };
    const { pid } = await subject.ask<Started>('sidecar', { spec });
    const ended = await subject.ask<typeof status>('signal', { name: 'git-gate', signal });
    if (signal === 'SIGTERM') expect(ended).toEqual(status);
    else await waitUntil(() => !isRunning(pid));
  });

  test('a folder that a killed owner left is found and removed', async () => {
    await inside(`fs.writeFileSync('/var/lib/bot-bottle/left', 'x') ?? null`);
    subject.process.kill('SIGKILL');
    const second = new Subject(user);
    try {
      Object.assign(second.options, subject.options);
      expect(existsSync(scratch())).toBe(true);
      await second.ask('clean');
      expect(existsSync(scratch())).toBe(false);
    } finally {
      await second.dispose();
    }
  });
});
