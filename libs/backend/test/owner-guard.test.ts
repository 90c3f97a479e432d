import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildRoutes, parseTable, tableDigest, type RouteRequest, type RouteTable } from '@bot-bottle/egress';
import { caKeySlot, parseConfig, pipelockSidecarSchema } from '@bot-bottle/pipelock';
import { describe, expect, it, onTestFinished } from 'vitest';
import { coalesced } from '../src/owner/guard/coalesced.ts';
import { Guard } from '../src/owner/guard/guard.ts';
import { LiveRoutes } from '../src/owner/live-routes.ts';
import { tempDir } from './temp-dir.ts';

const auth = { scheme: 'Bearer', tokenRef: 'TOKEN' } as const;
const tableOf = (...routes: RouteRequest[]): RouteTable => buildRoutes([], routes).table;
const first = tableOf({ host: 'a.example' }, { host: 'api.example', auth });
const soon = (): AbortSignal => AbortSignal.timeout(5000);

async function scene(table: RouteTable = first) {
  const stateDir = await tempDir();
  const routes = new LiveRoutes({ table, slots: [{ slot: 'EGRESS_TOKEN_0', tokenRef: 'TOKEN' }] });
  const warnings: string[] = [];
  const guard = await Guard.open({
    plan: {
      identity: 'dev-1',
      stateDir,
      sidecars: ['egress', 'supervise'],
      guard: { program: '/usr/local/bin/pipelock', tlsPassthrough: ['files.example'] },
    },
    routes,
    extraCa: null,
    onWarning: (message) => warnings.push(message),
  });
  /** lists that it was started anew with, and tables that egress got, in their order */
  const happened: string[] = [];
  let serves = true;
  guard.connect(async () => {
    happened.push(`guard ${guard.hosts.join(' ')}`);
    return serves;
  });
  routes.connect(
    guard.around(async (given) => {
      happened.push(`egress ${given.routes.map(({ host }) => host).join(' ')}`);
      return tableDigest(given);
    }),
  );
  const change = async (next: RouteTable) => await routes.change(null, () => parseTable(next), soon());
  return { stateDir, guard, routes, warnings, happened, change, fail: () => (serves = false) };
}

describe('the guard of a bottle', () => {
  it('is set up with a configuration of its routes and a key of its own, which is in no file', async () => {
    const { guard, stateDir } = await scene();
    const { config, secrets } = guard.setup();
    const given = pipelockSidecarSchema.parse(config);
    expect(given.program).toBe('/opt/bot-bottle/bin/pipelock');
    expect(parseConfig(given.config)).toMatchObject({
      mode: 'strict',
      api_allowlist: ['a.example', 'api.example', 'supervise'],
      tls_interception: { passthrough_domains: ['api.example', 'files.example'] },
    });
    expect(secrets[caKeySlot]).toContain('PRIVATE KEY');
    const file = join(stateDir, 'pipelock.yaml');
    expect(readFileSync(file, 'utf8')).toBe(given.config);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(given.config).not.toContain('PRIVATE');
    expect(JSON.stringify(config)).not.toContain('PRIVATE KEY');
  });

  it('is reached by egress on loopback, where its certificate counts for what it opens', async () => {
    const { guard } = await scene();
    expect(guard.egress.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(guard.egress.passthrough_domains).toEqual(['api.example', 'files.example']);
    expect(guard.egress.ca).toContain('BEGIN CERTIFICATE');
  });

  it('with a file that somebody spoiled is not started', async () => {
    const { guard, stateDir } = await scene();
    writeFileSync(join(stateDir, 'pipelock.yaml'), 'mode: audit\n');
    expect(() => guard.setup()).toThrow('not valid');
  });
});

describe('a change of routes', () => {
  it('lets new hosts through the guard before egress does', async () => {
    const { change, happened } = await scene();
    await change(tableOf({ host: 'a.example' }, { host: 'api.example', auth }, { host: 'b.example' }));
    expect(happened).toEqual([
      'guard a.example api.example b.example supervise',
      'egress a.example api.example b.example',
    ]);
  });

  it('takes hosts from egress before it takes them from the guard', async () => {
    const { change, happened } = await scene();
    await change(tableOf({ host: 'a.example' }));
    expect(happened).toEqual(['egress a.example', 'guard a.example supervise']);
  });

  it('of the same hosts leaves the guard running', async () => {
    const { change, happened } = await scene();
    await change(tableOf({ host: 'a.example', methods: ['GET'] }, { host: 'api.example', auth }));
    expect(happened).toEqual(['egress a.example api.example']);
  });

  it('is not made when the guard does not come up with it', async () => {
    const { guard, routes, change, happened, fail } = await scene();
    fail();
    await expect(change(tableOf({ host: 'a.example' }, { host: 'b.example' }))).rejects.toThrow(
      'does not serve',
    );
    expect(happened.filter((each) => each.startsWith('egress'))).toEqual([]);
    expect(guard.hosts).toEqual(['a.example', 'api.example', 'supervise']);
    expect(routes.view.table).toEqual(first);
  });

  it('that would show the guard a credential is not made', async () => {
    const { routes, change, happened } = await scene();
    for (const host of ['a.example', 'new.example', '*.new.example'])
      await expect(change(tableOf({ host: 'api.example', auth }, { host, auth }))).rejects.toThrow(
        `pipelock opens the TLS of ${host}`,
      );
    expect(happened).toEqual([]);
    expect(routes.view.table).toEqual(first);
  });

  it('may add a credential where the guard leaves TLS closed', async () => {
    const { change, happened } = await scene();
    await change(tableOf({ host: 'api.example', auth }, { host: 'files.example', auth }));
    expect(happened[1]).toBe('egress api.example files.example');
  });

  it('that leaves the guard too wide is a warning: egress denies already', async () => {
    const { change, warnings, fail } = await scene();
    fail();
    await change(tableOf({ host: 'a.example' }));
    expect(warnings).toEqual([expect.stringContaining('still lets hosts through')]);
  });
});

describe('a host that a human lets pass', () => {
  it('is added, once, and stays when routes change', async () => {
    const { guard, change, happened } = await scene();
    await guard.allow('cdn.example');
    await guard.allow('cdn.example');
    expect(happened).toEqual(['guard a.example api.example cdn.example supervise']);
    await change(tableOf({ host: 'a.example' }));
    expect(guard.hosts).toEqual(['a.example', 'cdn.example', 'supervise']);
  });

  it.each(['https://b.example', '*', 'b example', 'b.example:443'])('%j is refused', async (host) => {
    const { guard, happened } = await scene();
    await expect(guard.allow(host)).rejects.toThrow('not valid');
    expect(happened).toEqual([]);
  });

  it('of two at once is forgotten with the other when the guard does not come up with them', async () => {
    const { guard, fail } = await scene();
    fail();
    const asked = ['b.example', 'cdn.example'].map(async (host) => await guard.allow(host));
    for (const each of await Promise.allSettled(asked)) expect(each.status).toBe('rejected');
    expect(guard.hosts).toEqual(['a.example', 'api.example', 'supervise']);
  });

  it('is forgotten when the guard does not come up with it', async () => {
    const { guard, fail } = await scene();
    fail();
    await expect(guard.allow('cdn.example')).rejects.toThrow('does not serve');
    expect(guard.hosts).toEqual(['a.example', 'api.example', 'supervise']);
  });
});

it('requests of one moment are one restart, and one that comes too late for it gets another', async () => {
  const gates: Array<() => void> = [];
  onTestFinished(() => gates.forEach((open) => open()));
  const request = coalesced(() => new Promise<void>((resolve) => gates.push(resolve)));
  const early = [request(), request(), request()];
  await expect.poll(() => gates.length).toBe(1);
  const late = [request(), request()];
  gates[0]?.();
  await Promise.all(early);
  await expect.poll(() => gates.length).toBe(2);
  gates[1]?.();
  await Promise.all(late);
  expect(gates.length).toBe(2);
});

it('a restart that failed does not keep the next one from being made', async () => {
  let runs = 0;
  const request = coalesced(async () => {
    runs += 1;
    if (runs === 1) throw new Error('no');
  });
  await expect(request()).rejects.toThrow('no');
  await request();
  expect(runs).toBe(2);
});
