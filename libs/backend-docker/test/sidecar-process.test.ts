import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { SidecarName, SidecarProcess } from '@bot-bottle/backend';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testEngine } from './support/engine.ts';
import { localBottle, type LocalBottle } from './support/local-bottle.ts';

const engine = await testEngine();

describe.skipIf(engine === null)('a sidecar', () => {
  let local: LocalBottle;
  const folder = mkdtempSync(join(tmpdir(), 'bb-sidecar-'));
  const started: SidecarProcess[] = [];

  /** A sidecar that evaluates each line of its input and prints the answer as JSON. */
  const program = `
    import * as fs from 'node:fs'; import * as net from 'node:net'; import * as os from 'node:os';
    import { createInterface } from 'node:readline';
    const attempt = (f) => { try { return f(); } catch (error) { return error.code ?? String(error); } };
    process.on('SIGTERM', () => process.exit(7));
    process.stderr.write('started\\n');
    console.log(JSON.stringify('up'));
    for await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify((await eval(line)) ?? null));
    process.exit(0);`;

  const start = async (name: SidecarName, fields: { network?: boolean; scratch?: boolean } = {}) => {
    const file = join(folder, 'main.js');
    writeFileSync(file, program);
    const process = await local.host.startSidecar({
      name,
      program: file,
      network: fields.network ?? false,
      programs: [],
      scratch: fields.scratch ?? false,
    });
    started.push(process);
    const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<unknown> => JSON.parse((await lines.next()).value ?? 'null') as unknown;
    expect(await next()).toBe('up');
    const ask = async (expression: string): Promise<unknown> => {
      process.stdin.write(`${expression}\n`);
      return await next();
    };
    return { process, ask };
  };

  beforeAll(async () => {
    if (engine !== null) local = await localBottle(engine, { sidecars: ['egress', 'git-gate', 'supervise'] });
  }, 300_000);
  afterAll(async () => {
    for (const { stderr } of started) stderr.resume();
    await local.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  test('runs as nobody in particular, without anything of the host', async () => {
    const { ask } = await start('supervise');
    expect(
      await ask(
        `({ uid: process.getuid(), env: Object.keys(process.env).sort(), init: os.hostname(), home: fs.readdirSync(os.homedir()), caps: fs.readFileSync('/proc/self/status', 'latin1').match(/CapBnd:\\s*(\\w+)[^]*NoNewPrivs:\\s*(\\w)/).slice(1) })`,
      ),
    ).toMatchObject({ uid: 1000, init: 'supervise', home: [], caps: ['0000000000000000', '1'] });
    const env = (await ask('Object.keys(process.env)')) as string[];
    expect(env.filter((name) => /TOKEN|SECRET|DOCKER|SSH|AWS|HOST$/.test(name))).toEqual([]);
    expect(
      await ask(
        `['/x', '/etc/x', '/opt/bot-bottle/main.mjs', '/usr/bin/x', '/var/lib/x'].map((path) => attempt(() => fs.writeFileSync(path, 'x')))`,
      ),
    ).toEqual(Array.from({ length: 5 }, () => 'EROFS'));
    expect(
      await ask(
        `['/tmp/x', os.homedir() + '/x'].map((path) => attempt(() => { fs.writeFileSync(path, 'x'); return 'ok' }))`,
      ),
    ).toEqual(['ok', 'ok']);
    expect(await ask(`attempt(() => fs.readdirSync('/var/run/docker.sock'))`)).toBe('ENOENT');
  });

  test('serves the agent at the address that it is told, and what does not go out has no way out', async () => {
    const { ask } = await start('supervise');
    const [host = '', port = ''] = local.host.listenAddress('supervise').split(':');
    expect(
      await ask(
        `new Promise((resolve) => net.createServer((s) => s.end('served')).listen(${port}, '${host}', () => resolve('listening')))`,
      ),
    ).toBe('listening');
    expect(
      await local.node(
        `import { connect } from 'node:net'; connect(${port}, 'supervise').on('data', (d) => { console.log(String(d)); process.exit() }).on('error', (e) => { console.log(e.code); process.exit() })`,
      ),
    ).toBe('served');
    const out = `new Promise((resolve) => { const s = net.connect(53, '1.1.1.1'); s.setTimeout(1500, () => resolve('nothing')); s.on('connect', () => resolve('reached')); s.on('error', (e) => resolve(e.code)); })`;
    expect(await ask(out)).not.toBe('reached');
    expect(await ask(`Object.values(os.networkInterfaces()).flat().filter((a) => !a.internal).length`)).toBe(
      1,
    );
  });

  test('one that goes out has a second network, and carries no packets between the two', async () => {
    const { ask } = await start('egress', { network: true });
    expect(await ask(`Object.values(os.networkInterfaces()).flat().filter((a) => !a.internal).length`)).toBe(
      2,
    );
    expect(await ask(`fs.readFileSync('/proc/sys/net/ipv4/ip_forward', 'latin1').trim()`)).toBe('0');
    const route = (await ask(
      `fs.readFileSync('/proc/net/route', 'latin1').split('\\n').map((l) => l.split('\\t')).find((f) => f[1] === '00000000')`,
    )) as string[];
    const internal = local.host.listenAddress('egress').split('.').slice(0, 3).map(Number);
    const gateway = [6, 4, 2].map((at) => Number.parseInt((route[2] ?? '').slice(at, at + 2), 16));
    // Through the outside network: the internal one leads nowhere.
    expect(gateway).not.toEqual(internal);
  });

  test('its folder on disk is its own, private, and stays while it is started anew', async () => {
    const first = await start('git-gate', { scratch: true });
    expect(
      await first.ask(
        `(() => { const s = fs.statSync('/var/lib/bot-bottle'); fs.writeFileSync('/var/lib/bot-bottle/kept', 'x'); return [s.uid, (s.mode & 0o777).toString(8)] })()`,
      ),
    ).toEqual([1000, '700']);
    first.process.kill('SIGKILL');
    expect(await first.process.exited).toEqual({ code: 137, signal: null });
    const second = await start('git-gate', { scratch: true });
    expect(await second.ask(`fs.readdirSync('/var/lib/bot-bottle')`)).toEqual(['kept']);
    expect(
      await second.ask(`['git', 'ssh', 'sh'].map((n) => fs.existsSync('/opt/bot-bottle/bin/' + n))`),
    ).toEqual([true, true, true]);
  }, 300_000);

  test('a signal reaches it, and its end is told with what it said', async () => {
    const { process } = await start('supervise');
    process.kill('SIGTERM');
    expect(await process.exited).toEqual({ code: 7, signal: null });
    process.stderr.setEncoding('utf8');
    let said = '';
    for await (const chunk of process.stderr) said += String(chunk);
    expect(said).toBe('started\n');
  });

  test('the end of its input is the end of the launcher', async () => {
    const { process } = await start('supervise');
    process.stdin.end();
    expect(await process.exited).toEqual({ code: 0, signal: null });
  });

  test('one that is given up while it is being made never runs', async () => {
    if (engine === null) return;
    const given = new AbortController();
    const other = await localBottle(
      engine,
      { sidecars: ['supervise'] },
      {},
      {
        onStep: ({ what }) => {
          if (what === 'supervise: making') given.abort(new Error('given up'));
        },
      },
    );
    try {
      const spec = { name: 'supervise', program: join(folder, 'main.js'), network: false } as const;
      await expect(
        other.host.startSidecar({ ...spec, programs: [], scratch: false }, given.signal),
      ).rejects.toThrow('given up');
      const filters = { label: [`bot-bottle.slug=${other.identity}`, 'bot-bottle.role=supervise'] };
      const [made] = await engine.docker.listContainers({ all: true, filters });
      expect(made?.State).toBe('created');
    } finally {
      expect(await other.dispose()).toEqual([]);
    }
  }, 120_000);

  test('one that the bottle has not is refused', async () => {
    if (engine === null) return;
    const plain = await localBottle(engine, { sidecars: [] });
    await expect(
      plain.host.startSidecar({
        name: 'egress',
        program: '/none',
        network: true,
        programs: [],
        scratch: false,
      }),
    ).rejects.toMatchObject({ code: 'sidecar_failed' });
    await plain.dispose();
  });
});
