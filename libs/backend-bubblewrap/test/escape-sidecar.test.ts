import { chownSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { sidecarRuntime } from '@bot-bottle/sidecar-protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Subject, users } from './support/subject.ts';
import { isRunning, waitUntil } from './support/wait-until.ts';

interface Started {
  readonly pid: number;
  readonly first: string;
}

const serve = `
import { createServer } from 'node:net';
createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => {});
  socket.pipe(socket);
}).listen('/run/bot-bottle/NAME.sock', () => console.log('ready'));
process.stdin.on('end', () => process.exit(0)).resume();
process.on('SIGTERM', () => process.exit(0));
`;

describe.each(users)('a sidecar, started by $name', (user) => {
  let subject: Subject;
  const start = (code: string, name = 'egress', network = true) => {
    const program = join(subject.folder, `${name}-${Math.random()}.js`);
    writeFileSync(program, code.replaceAll('NAME', name), { mode: 0o644 });
    return subject.ask<Started>('sidecar', { spec: { name, program, network } });
  };
  /** Runs code in a sidecar's sandbox; it prints one JSON line. */
  const inside = async <T>(expression: string, network = true): Promise<T> => {
    const code = `import * as fs from 'node:fs'; import * as net from 'node:net'; import * as child from 'node:child_process';
      const attempt = (f) => { try { return f(); } catch (error) { return error.code ?? String(error); } };
      console.log(JSON.stringify(await (${expression})));`;
    const { first } = await start(code, 'egress', network);
    return JSON.parse(first) as T;
  };
  const give = (path: string) => {
    if (user.uid !== null) chownSync(path, user.uid, user.uid);
  };

  beforeEach(async () => {
    subject = new Subject(user);
    await subject.open({ sidecars: ['egress', 'supervise'] }, true);
  });
  afterEach(() => subject.dispose());

  test("cannot read the operator's home, state, queue or audit", async () => {
    const secret = join(subject.stateDir, 'audit.jsonl');
    writeFileSync(secret, 'audit', { mode: 0o600 });
    give(secret);
    const found = await inside<string[]>(
      `[${JSON.stringify(secret)}, ${JSON.stringify(subject.home)}, '/root', '/home', '/etc/passwd', '/etc/shadow', '/var', '/usr/bin', '/bin/sh', '/sys'].map((p) => attempt(() => JSON.stringify(fs.statSync(p).isDirectory() ? fs.readdirSync(p) : fs.readFileSync(p, 'latin1'))))`,
    );
    expect(found).toEqual([
      'ENOENT',
      'ENOENT',
      'ENOENT',
      '["node"]',
      'ENOENT',
      'ENOENT',
      'ENOENT',
      'ENOENT',
      'ENOENT',
      'ENOENT',
    ]);
  });

  test("sees neither another sidecar's folder nor its process", async () => {
    const other = await start(serve, 'supervise', false);
    expect(other.first).toBe('ready');
    const seen = await inside<{ sockets: string[]; processes: string[]; run: string[] }>(
      `({ sockets: fs.readdirSync('/run/bot-bottle'), processes: fs.readdirSync('/proc').filter((n) => /^\\d+$/.test(n)), run: fs.readdirSync('/run') })`,
    );
    expect(seen).toEqual({ sockets: [], processes: ['1'], run: ['bot-bottle'] });
  });

  test('writes only to its socket folder and memory', async () => {
    const results = await inside<string[]>(
      `['/', '/usr/lib', '/etc', '/opt/bot-bottle', '/dev', '/home', '/opt/bot-bottle/code-cache', '/tmp', '/run/bot-bottle', '/home/node'].map((p) => attempt(() => fs.writeFileSync(p + '/planted', 'x') ?? 'written'))`,
    );
    expect(results.slice(0, 7).every((code) => code === 'EROFS' || code === 'EACCES')).toBe(true);
    expect(results.slice(7)).toEqual(['written', 'written', 'written']);
  });

  test('starts no program and gets no terminal, but can open sockets', async () => {
    const result = await inside<{ shell: string; env: string[]; caps: string }>(
      `({ shell: child.spawnSync('/bin/sh', ['-c', 'id']).error?.code, env: Object.keys(process.env).sort(), caps: /CapEff:\\s*(\\w+)/.exec(fs.readFileSync('/proc/self/status', 'latin1'))?.[1] })`,
    );
    expect(result).toEqual({
      shell: 'ENOENT',
      env: [
        'BOT_BOTTLE_CONTROL',
        'HOME',
        ...Object.keys(sidecarRuntime('egress').env),
        'NODE_COMPILE_CACHE',
        'PWD',
      ],
      caps: '0000000000000000',
    });
  });

  const connectTo = (port: number) =>
    `new Promise((resolve) => net.connect(${port}, '127.0.0.1').on('connect', () => resolve('reached')).on('error', (e) => resolve(e.code)))`;
  test.each([
    [true, 'reached'],
    [false, 'ECONNREFUSED'],
  ])('with network %s a host service is %s', async (network, outcome) => {
    const server = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await inside(connectTo(port), network)).toBe(outcome);
    server.close();
  });

  test.runIf(user.name === 'root')('is closed to other processes of its host user', async () => {
    const { pid } = await start(serve);
    const uid = Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);
    expect(uid).toBeGreaterThan(61183);
    for (const file of ['environ', 'mem', 'maps'])
      expect(spawnSync('head', ['-c1', `/proc/${pid}/${file}`], { uid, gid: uid }).status, file).not.toBe(0);
  });

  test('a socket it makes is reachable by the bottle only', async () => {
    await start(serve);
    const socket = join(subject.runtimeDir, 'bubblewrap', subject.identity, 'egress', 'egress.sock');
    await subject.ask('close');
    expect(() => statSync(socket)).toThrow('ENOENT');
  });

  test('ends when its input ends, and by a signal', async () => {
    const { pid } = await start(serve);
    const pids = await subject.pids();
    expect(pids).toContain(pid);
    subject.process.kill('SIGKILL');
    await waitUntil(() => pids.every((one) => !isRunning(one)));
  });

  test('that cannot start says why', async () => {
    const { first } = await start("throw new Error('broken')");
    expect(first).toMatch(/exited .*"code":1/);
  });
});

describe.each(users)('a bottle and its sidecar, started by $name', (user) => {
  test('speak over the bridge, whoever comes first, with half-close and much data', async () => {
    const subject = new Subject(user);
    try {
      await subject.open();
      const program = join(subject.folder, 'echo.js');
      writeFileSync(program, serve.replaceAll('NAME', 'egress'), { mode: 0o644 });
      expect(
        (await subject.ask<Started>('sidecar', { spec: { name: 'egress', program, network: false } })).first,
      ).toBe('ready');
      const script = `
        const net = require('net'); let got = 0; const size = 20 * 1024 * 1024;
        const s = net.connect({ host: 'egress', port: 9099, allowHalfOpen: true });
        s.on('data', (d) => got += d.length).on('end', () => { console.log(got === size); process.exit() }).on('error', (e) => { console.log(e.code); process.exit() });
        s.end(Buffer.alloc(size));`;
      expect((await subject.exec('node', '-e', script)).stdout).toBe('true\n');
    } finally {
      await subject.dispose();
    }
  });

  test('without its sidecar the port answers nothing', async () => {
    const subject = new Subject(user);
    try {
      await subject.open();
      const result = await subject.exec('curl', '-sS', '-m', '15', 'http://egress:9099/');
      expect(result.code).not.toBe(0);
      expect(result.stderr).toMatch(/reset|Empty reply/);
    } finally {
      await subject.dispose();
    }
  });

  test('the agent cannot put another socket in the place of a sidecar', async () => {
    const subject = new Subject(user);
    try {
      await subject.open();
      const result = await subject.sh(
        'rm -f /run/bot-bottle/egress.sock /run/bot-bottle/egress/*; mv /run/bot-bottle /run/moved; ln -sf /tmp/x /run/bot-bottle/egress.sock; touch /run/bot-bottle/egress/egress.sock',
      );
      expect(result.code).not.toBe(0);
      expect(
        (
          await subject.sh('readlink /run/bot-bottle/egress.sock || readlink /run/moved/egress.sock')
        ).stdout.trim(),
      ).toBe('/run/bot-bottle/egress/egress.sock');
    } finally {
      await subject.dispose();
    }
  });

  test('two bottles side by side do not see each other', async () => {
    const [first, second] = [new Subject(user, 'left-aaaaa'), new Subject(user, 'right-bbbbb')];
    try {
      await Promise.all([first.open(), second.open()]);
      await first.sh('echo mine > /home/node/file; echo mine > /tmp/file');
      await first.sh(
        "node -e \"require('net').createServer((s)=>s.end('left')).listen(7000,'127.0.0.1',()=>console.log('up'))\" > /tmp/up 2>&1 & until grep -q up /tmp/up; do sleep 0.02; done",
      );
      expect(
        (await second.sh('cat /home/node/file /tmp/file; curl -s -m 2 http://127.0.0.1:7000')).stdout,
      ).not.toMatch(/mine|left|7000/);
      const home = join(first.stateDir, 'home');
      expect((await second.sh(`ls ${home} ${first.options.homesDir} ${first.runtimeDir}`)).stdout).toBe('');
    } finally {
      await Promise.all([first.dispose(), second.dispose()]);
    }
  });
});
