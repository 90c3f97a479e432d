import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readAudit } from '@bot-bottle/audit';
import { relayProcess, shellExitCode } from '../src/index.ts';
import { CONTROL_VERSION } from '../src/owner/control-messages.ts';
import { encodeFrame } from '../src/owner/frames.ts';
import { launched } from './owner-launched.ts';
import { allOf, Sink } from './owner-streams.ts';

const control = (message: unknown): Buffer => encodeFrame('control', Buffer.from(JSON.stringify(message)));

describe('the socket', () => {
  it('is 0600 in a 0700 folder, and gone after the end', async () => {
    const { launched: bottle, socketPath } = await launched(['true']);
    expect((await stat(socketPath)).mode & 0o777).toBe(0o600);
    expect((await stat(join(socketPath, '..'))).mode & 0o777).toBe(0o700);
    await bottle.close();
    await expect(stat(socketPath)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('tells the status', async () => {
    const { client, plan } = await launched(['true']);
    expect(await client.status()).toEqual({
      identity: plan.identity,
      home: plan.botBottleHome,
      agent: 'implementer',
      bottle: 'dev',
      backend: 'bubblewrap',
      label: null,
      started_at: plan.startedAt,
      owner_pid: process.pid,
      state: 'starting',
      tty: false,
    });
  });

  it.each([
    ['garbage', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['another version', control({ v: CONTROL_VERSION + 1, op: 'status' })],
    ['an unknown operation', control({ v: CONTROL_VERSION, op: 'routes' })],
    ['unknown keys', control({ v: CONTROL_VERSION, op: 'status', extra: 1 })],
    ['data before a request', encodeFrame('stdin', Buffer.from('x'))],
    ['a resize without a request', control({ type: 'resize', size: { cols: 1, rows: 1 } })],
  ])('hangs up on %s, and goes on serving', async (_what, bytes) => {
    const { client, socketPath } = await launched(['true']);
    const socket = connect(socketPath);
    socket.on('error', () => undefined);
    socket.end(bytes);
    await buffer(socket).catch(() => undefined);
    expect((await client.status()).state).toBe('starting');
  });
});

describe('exec', () => {
  it('passes stdin, stdout, stderr and the exit code, byte for byte', async () => {
    const { client } = await launched(['true']);
    const input = randomBytes(3_000_000);
    const session = await client.exec({ argv: ['sh', '-c', 'cat; echo err >&2; exit 5'] });
    session.stdin.end(input);
    const [stdout, stderr] = await Promise.all([buffer(session.stdout), allOf(session.stderr)]);
    expect(stdout.equals(input)).toBe(true);
    expect(stderr).toBe('err\n');
    expect(await session.exited).toEqual({ code: 5, signal: null });
  });

  it('gives the environment of the bottle', async () => {
    const { client } = await launched(['true']);
    const session = await client.exec({ argv: ['env'], term: 'xterm-mine' });
    session.stdin.end();
    const env = await allOf(session.stdout);
    expect(env).toMatch(/^HTTPS_PROXY=http:\/\/egress:9099$/m);
    expect(env).toMatch(/^TERM=xterm-mine$/m);
    expect(env).toMatch(/^DEPLOY_KEY=the-deploy-key$/m);
    expect(env).not.toContain('the-route-token');
  });

  it('answers as a shell for a program that is not there', async () => {
    const { client } = await launched(['true']);
    const failure: unknown = await client
      .exec({ argv: ['no-such-program'] })
      .catch((error: unknown) => error);
    expect(shellExitCode(failure)).toBe(127);
  });

  it('tells the signal that ended a program, and sends signals', async () => {
    const { client } = await launched(['true']);
    const session = await client.exec({ argv: ['sh', '-c', 'echo up; exec sleep 600'] });
    const [first] = (await once(session.stdout, 'data')) as [Buffer];
    expect(first.toString()).toBe('up\n');
    session.kill('SIGTERM');
    expect(await session.exited).toEqual({ code: null, signal: 'SIGTERM' });
  });

  it('ends a program whose client went away', async () => {
    const { client, folder } = await launched(['true']);
    const mark = join(folder, 'ended');
    const script = `trap 'echo x > ${mark}; exit' TERM; echo up; while :; do sleep 0.05; done`;
    const session = await client.exec({ argv: ['sh', '-c', script] });
    await once(session.stdout, 'data');
    session.close();
    await expect
      .poll(
        () =>
          stat(mark).then(
            () => true,
            () => false,
          ),
        { timeout: 8000 },
      )
      .toBe(true);
  });

  it('does not read ahead of a client that does not read', async () => {
    const { client } = await launched(['true']);
    const session = await client.exec({ argv: ['sh', '-c', 'head -c 50000000 /dev/zero; echo done >&2'] });
    onTestFinished(() => session.close());
    await expect.poll(() => session.stdout.readableLength, { timeout: 5000 }).toBeGreaterThan(0);
    const before = process.memoryUsage().rss;
    await new Promise((resolve) => setImmediate(resolve));
    expect(session.stdout.readableLength).toBeLessThan(4_000_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(40_000_000);
    session.stderr.resume();
    session.stdin.end();
    let total = 0;
    for await (const chunk of session.stdout) total += (chunk as Buffer).length;
    expect(total).toBe(50_000_000);
  });

  it('hangs up on a client that sends more stdin than was granted', async () => {
    const { socketPath, client } = await launched(['true']);
    const socket = connect(socketPath);
    socket.on('error', () => undefined);
    const request = {
      v: CONTROL_VERSION,
      op: 'exec',
      argv: ['sleep', '600'],
      cwd: null,
      tty: null,
      term: null,
    };
    socket.write(control(request));
    socket.resume();
    const piece = encodeFrame('stdin', Buffer.alloc(60_000));
    for (let count = 0; count < 40; count += 1) socket.write(piece);
    await new Promise((resolve) => socket.once('close', resolve));
    expect((await client.status()).identity).toMatch(/^implementer-/);
  });

  it('is refused while the bottle is being stopped', async () => {
    const { launched: bottle, client } = await launched(['true']);
    const closing = bottle.close();
    await expect(client.exec({ argv: ['true'] })).rejects.toMatchObject({
      name: expect.stringMatching(/Error/),
    });
    await closing;
  });

  it('is recorded without its arguments', async () => {
    const { client, plan } = await launched(['true']);
    const session = await client.exec({ argv: ['echo', 'a-secret-argument'] });
    await allOf(session.stdout);
    const lines = [];
    for await (const line of readAudit(join(plan.botBottleHome, 'audit'), plan.identity)) lines.push(line);
    expect(lines.at(-1)).toMatchObject({ layer: 'host', action: 'exec', target: 'echo' });
    expect(JSON.stringify(lines)).not.toContain('a-secret-argument');
  });
});

describe('attach', () => {
  const tty = { cols: 80, rows: 24 };
  const stdio = { stdin: null, stdout: null, stderr: null, tty };

  it('shows what was printed before, shares the input, and leaves the program alone', async () => {
    const { launched: bottle, client } = await launched([
      'sh',
      '-c',
      'echo early; read x; echo got $x; sleep 600',
    ]);
    void bottle.runMain(stdio);
    await bottle.mainStarted;
    const first = await client.attach(tty);
    const seen = new Sink();
    const left = relayProcess(first, { stdin: null, stdout: seen, stderr: null, tty });
    left.catch(() => undefined);
    await seen.has('early');
    first.stdin.write('hello\n');
    await seen.has('got hello');
    first.close();
    const second = await client.attach(tty);
    const late = new Sink();
    second.stdout.pipe(late);
    await late.has('got hello');
    expect(late.text).toContain('early');
    expect((await client.status()).state).toBe('running');
    second.close();
  });

  it('takes no input for a program that has no terminal', async () => {
    const { launched: bottle, client } = await launched([
      'sh',
      '-c',
      'echo up; read x && echo got $x; sleep 600',
    ]);
    const out = new Sink();
    void bottle.runMain({ stdin: null, stdout: out, stderr: null, tty: null });
    await out.has('up');
    const session = await client.attach(null);
    session.stdin.write('mine\n');
    session.kill('SIGTERM');
    const seen = new Sink();
    session.stdout.pipe(seen);
    await seen.has('up');
    expect(seen.text).not.toContain('mine');
    expect((await client.status()).state).toBe('running');
    session.close();
  });

  it('is refused before the program runs', async () => {
    const { client } = await launched(['true']);
    await expect(client.attach(null)).rejects.toMatchObject({ code: 'not_interactive' });
  });
});

describe('stop', () => {
  it('answers when everything is gone, and the run ends', async () => {
    const { launched: bottle, client, plan, backend, socketPath } = await launched(['sleep', '600']);
    const running = bottle.runMain({ stdin: null, stdout: null, stderr: null, tty: null });
    await bottle.mainStarted;
    await client.stop();
    expect(backend.calls).toContain('close');
    await expect(stat(plan.stateDir)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(stat(socketPath)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(bottle.wasStopped).toBe(true);
    expect((await running).signal).toBe('SIGKILL');
  });
});

describe('audit', () => {
  it('takes events of other processes of the operator', async () => {
    const { client, plan } = await launched(['true']);
    const event = {
      layer: 'host',
      action: 'edit',
      outcome: 'done',
      code: null,
      target: 'x',
      rule: null,
      details: {},
    } as const;
    await client.appendAudit([event]);
    const lines = [];
    for await (const line of readAudit(join(plan.botBottleHome, 'audit'), plan.identity))
      lines.push(line.action);
    expect(lines).toContain('edit');
  });
});
