import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execInBottle } from '@bot-bottle/backend';
import { createLeafMinter, mintAuthority } from '@bot-bottle/egress';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngine } from './support/engine.ts';
import { relayEngine, type EngineRelay } from './support/engine-relay.ts';
import { backendOn, localBottle, textOf, type LocalBottle } from './support/local-bottle.ts';

const engine = await testEngine();

/** Stands for ssh: notes how it was called and leads to the engine. */
const fakeSsh = (log: string): string => `#!${process.execPath}
const { appendFileSync } = require('node:fs');
appendFileSync(${JSON.stringify(log)}, JSON.stringify(process.argv.slice(2)) + '\\n');
if (process.argv.includes('unknown.example')) { process.stderr.write('Host key verification failed.\\n'); process.exit(255); }
const socket = require('node:net').connect({ path: '/var/run/docker.sock', allowHalfOpen: true });
process.stdin.pipe(socket).pipe(process.stdout);
socket.on('close', () => process.exit(0)).on('error', () => process.exit(1));
`;

describe.skipIf(engine === null)('an engine that is reached', () => {
  let folder: string;
  let relay: EngineRelay | null = null;
  const path = process.env['PATH'];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bb-connect-'));
  });
  afterEach(async () => {
    process.env['PATH'] = path;
    await relay?.close();
    relay = null;
    rmSync(folder, { recursive: true });
  });

  /** What depends on the connection: streams both ways, the end of input alone, a terminal, signals, the end. */
  const passes = async (local: LocalBottle): Promise<void> => {
    const big = Buffer.alloc(3_000_000, 'x');
    const counted = await execInBottle(local.bottle, ['sh', '-c', 'wc -c; echo err >&2; exit 3'], {
      input: big,
    });
    expect(counted).toMatchObject({ code: 3, stdout: '3000000\n', stderr: 'err\n' });
    const child = await local.bottle.spawn(['sh', '-c', 'stty size; exec sleep 100'], {
      tty: { cols: 80, rows: 24 },
    });
    child.stdout.once('data', () => child.kill('SIGKILL'));
    expect((await child.exited).code).toBe(137);
    expect(await textOf(child.stdout)).toBe('');
    await expect(local.host.selfCheck(local.bottle)).resolves.toBeUndefined();
    expect(await local.dispose()).toEqual([]);
  };

  test('by TCP', async () => {
    if (engine === null) return;
    relay = await relayEngine(null);
    await passes(await localBottle(engine, {}, { host: `tcp://127.0.0.1:${relay.port}`, env: {} }));
  });

  test('by TLS, with certificates both ways, and not with those of somebody else', async () => {
    if (engine === null) return;
    const authority = await mintAuthority({ bottle: 'engine', days: 1 });
    const { cert, key } = await createLeafMinter(authority).leaf('127.0.0.1');
    relay = await relayEngine({ cert, key, ca: authority.cert });
    for (const [name, text] of Object.entries({ 'ca.pem': authority.cert, 'cert.pem': cert, 'key.pem': key }))
      writeFileSync(join(folder, name), text, { mode: 0o600 });
    const env = {
      DOCKER_HOST: `tcp://127.0.0.1:${relay.port}`,
      DOCKER_TLS_VERIFY: '1',
      DOCKER_CERT_PATH: folder,
    };
    await passes(await localBottle(engine, {}, { env }));
    const other = await mintAuthority({ bottle: 'other', days: 1 });
    writeFileSync(join(folder, 'ca.pem'), other.cert);
    expect(await backendOn(engine, { env }).probe()).toMatchObject({
      available: false,
      reason: expect.stringMatching(/certificate/),
    });
  });

  test("by the operator's ssh, which checks the host", async () => {
    if (engine === null) return;
    const log = join(folder, 'log');
    writeFileSync(join(folder, 'ssh'), fakeSsh(log));
    chmodSync(join(folder, 'ssh'), 0o755);
    process.env['PATH'] = `${folder}:${path ?? ''}`;
    await passes(await localBottle(engine, {}, { host: 'ssh://me@engine.example:2222', env: {} }));
    const [first = ''] = readFileSync(log, 'utf8').split('\n');
    const args = JSON.parse(first) as string[];
    expect(args).toContain('StrictHostKeyChecking=yes');
    expect(args.slice(-9)).toEqual([
      '-p',
      '2222',
      '-l',
      'me',
      '--',
      'engine.example',
      'docker',
      'system',
      'dial-stdio',
    ]);
    expect(await backendOn(engine, { host: 'ssh://unknown.example', env: {} }).probe()).toMatchObject({
      available: false,
      reason: expect.stringContaining('Host key verification failed'),
    });
  }, 120_000);
});
