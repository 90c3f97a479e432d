import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDockerBackend } from '@bot-bottle/backend-docker';
import { testEngine } from './support/engine.ts';

const engine = await testEngine();

const version = { Version: '27.1.0', ApiVersion: '1.46', Os: 'linux' };
const info = { MemoryLimit: true, CpuCfsQuota: true, PidsLimit: true, Runtimes: { runc: {}, runsc: {} } };

describe('asking an engine', () => {
  let folder: string;
  let socket: string;
  let server: Server | null = null;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bb-probe-'));
    socket = join(folder, 'engine.sock');
  });
  afterEach(async () => {
    server?.closeAllConnections();
    await new Promise((resolve) => (server === null ? resolve(null) : server.close(resolve)));
    server = null;
    rmSync(folder, { recursive: true });
  });

  /** Something that answers as an engine does, or not. */
  const play = async (answers: { version?: unknown; info?: unknown }, silent = false): Promise<void> => {
    server = createServer((request, response) => {
      if (silent) return;
      const what = request.url?.endsWith('/version') === true ? answers.version : answers.info;
      response.setHeader('content-type', 'application/json');
      response.end(typeof what === 'string' ? what : JSON.stringify(what ?? {}));
    });
    await new Promise<void>((resolve) => server?.listen(socket, () => resolve()));
  };
  const probe = (env: Record<string, string> = {}) =>
    createDockerBackend({ env: { DOCKER_HOST: `unix://${socket}`, ...env } }).probe();

  test('one that can hold bottles is described, and what it enforces is known then', async () => {
    await play({ version, info });
    const backend = createDockerBackend({ host: `unix://${socket}`, env: {} });
    expect(backend.capabilities).toEqual({
      rootExec: false,
      rebuild: false,
      gvisor: false,
      resourceLimits: [],
    });
    expect(await backend.probe()).toEqual({ available: true, detail: `Docker 27.1.0 at unix://${socket}` });
    expect(backend.capabilities).toEqual({
      rootExec: false,
      // gVisor shares no namespaces between containers.
      rebuild: false,
      gvisor: true,
      resourceLimits: ['memory', 'cpus', 'pids'],
    });
  });

  test.each([
    [{ runc: {} }, {}, undefined, true],
    [{ runc: {}, runsc: {} }, {}, undefined, false],
    [{ runc: {}, runsc: {} }, {}, 'runc', true],
    [{ runc: {} }, {}, 'kata', false],
    [{ runc: {} }, { DefaultRuntime: 'kata' }, undefined, false],
    [{ runc: {} }, { DefaultRuntime: 'runc' }, undefined, true],
  ])('images of single bottles with %j, %j and %s chosen: %s', async (Runtimes, more, runtime, rebuild) => {
    await play({ version, info: { ...info, Runtimes, ...more } });
    const backend = createDockerBackend({
      host: `unix://${socket}`,
      env: {},
      ...(runtime === undefined ? {} : { runtime }),
    });
    await backend.probe();
    expect(backend.capabilities).toMatchObject({ rebuild });
  });

  test('a limit that it does not enforce is not promised', async () => {
    await play({ version, info: { ...info, MemoryLimit: false, PidsLimit: false, Runtimes: null } });
    const backend = createDockerBackend({ host: `unix://${socket}`, env: {} });
    await backend.probe();
    expect(backend.capabilities).toMatchObject({ gvisor: false, resourceLimits: ['cpus'] });
  });

  test.each([
    [
      'too old',
      { version: { ...version, Version: '19.03', ApiVersion: '1.40' }, info },
      /too old \(API 1\.40\)/,
      /20\.10 or newer/,
    ],
    ['one for Windows', { version: { ...version, Os: 'windows' }, info }, /no Linux containers/, /switch it/],
    ['something else', { version: '<html>nginx</html>', info }, /does not answer as one/, /docker version/],
    [
      'hostile',
      { version: { ...version, Version: '\u001b[2J', ApiVersion: '0.1\u001b]0;x\u0007' }, info },
      /^\P{Cc}*too old\P{Cc}*$/u,
      /20\.10/,
    ],
  ])('%s is refused with what to do', async (_what, answers, reason, remedy) => {
    await play(answers);
    expect(await probe()).toMatchObject({
      available: false,
      reason: expect.stringMatching(reason),
      remedy: expect.stringMatching(remedy),
    });
  });

  test('none is not installed, or not running', async () => {
    expect(await probe()).toMatchObject({
      available: false,
      reason: expect.stringContaining('no Docker engine is at unix://'),
      remedy: expect.stringContaining('install Docker Engine'),
    });
    expect(await createDockerBackend({ env: { DOCKER_HOST: 'tcp://127.0.0.1:9' } }).probe()).toMatchObject({
      available: false,
      reason: 'the Docker engine at tcp://127.0.0.1:9 is not running',
    });
  });

  test.skipIf(process.getuid?.() !== 0 || process.seteuid === undefined)(
    'one that this user may not use is told apart',
    async () => {
      await play({ version, info });
      process.seteuid?.(65_534);
      try {
        expect(await probe()).toMatchObject({
          available: false,
          reason: expect.stringContaining('may not be opened by this user'),
          remedy: expect.stringContaining('group docker'),
        });
      } finally {
        process.seteuid?.(0);
      }
    },
  );

  test('one that does not answer is given up', async () => {
    await play({}, true);
    expect(await probe()).toMatchObject({
      available: false,
      reason: expect.stringContaining('did not answer within 5 s'),
    });
  });

  test('an address that cannot be used is a reason, not a crash, and no other engine is asked instead', async () => {
    expect(
      await createDockerBackend({ host: 'ftp://x', env: { DOCKER_HOST: `unix://${socket}` } }).probe(),
    ).toMatchObject({
      available: false,
      reason: expect.stringContaining('unknown scheme'),
      remedy: expect.stringContaining('DOCKER_HOST'),
    });
    expect(await probe({ DOCKER_HOST: 'tcp://127.0.0.1:2376', DOCKER_CERT_PATH: folder })).toMatchObject({
      available: false,
      reason: expect.stringContaining('ca.pem cannot be read'),
    });
  });

  test('without an engine nothing is left over, and no bottle opens', async () => {
    const backend = createDockerBackend({ host: `unix://${socket}`, env: {} });
    expect(await backend.leftovers(new Set())).toEqual([]);
    const spec = {
      identity: 'x-00000',
      stateDir: folder,
      workdir: '/home/node',
      programs: [],
      programDirs: [],
      resources: { memory: null, cpus: null, pids: null, disk: null },
      sidecars: [],
    };
    await expect(backend.open(spec)).rejects.toMatchObject({
      code: 'backend_unavailable',
      hint: expect.stringContaining('install'),
    });
  });

  test.skipIf(engine === null)('the one that is here', async () => {
    const backend = createDockerBackend();
    expect(await backend.probe()).toMatchObject({ available: true });
    expect(backend.capabilities.resourceLimits.length).toBeGreaterThan(0);
  });
});
