import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiSettings } from './support/api-bottle.ts';
import { eventually } from './support/eventually.ts';
import { operators } from './support/operators.ts';
import { installStandIn } from './support/pipelock-stand-in.ts';
import { isAlive, processTree } from './support/processes.ts';
import { runningBottle } from './support/running-bottle.ts';
import { filesHolding, plantedSecret } from './support/secrets.ts';
import { memoryHolds } from './support/process-memory.ts';
import { Upstream } from './support/upstream.ts';
import { World, type Outcome } from './support/world.ts';

// in pieces, so that this file holds no credential
const leak = ['AK', 'IA', 'QWERTYUIOPASDFGH'].join('');

/** Processes of pipelock below a launcher that serve, with the address that each was told. */
function guardsOf({ pid: launcher = -1 }: ChildProcess): Array<{ pid: number; listen: string }> {
  return processTree(launcher).flatMap((pid) => {
    try {
      const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      const at = args.indexOf('--listen');
      const isOurs = args.includes('/opt/bot-bottle/bin/pipelock') && args.includes('run') && at > 0;
      return isOurs ? [{ pid, listen: args[at + 1] ?? '' }] : [];
    } catch {
      return [];
    }
  });
}

describe.each(operators)('as $name, behind pipelock (a stand-in)', (operator) => {
  const token = plantedSecret('tok');
  const names = ['open.e2e.test', 'api.e2e.test', 'files.e2e.test'];
  let env: Record<string, string> = {};
  let world: World;
  let upstream: Upstream;
  let bottle: ChildProcess;
  let slug = '';
  let port = 0;
  const said: string[] = [];

  beforeAll(async () => {
    upstream = new Upstream(names, (seen, response) => {
      response.end(`reached ${seen.url} ${String(seen.headers.authorization)}\n`);
    });
    port = await upstream.listen();
    world = new World(operator);
    env = { E2E_TOKEN: token, BOT_BOTTLE_PIPELOCK: installStandIn(world.dir) };
    const hosts = names.map((name) => `  ${name}: 127.0.0.1`).join('\n');
    world.write(
      'settings.yml',
      apiSettings(upstream.certificate.caFile).replace(/hosts:\n[^]*/, `hosts:\n${hosts}\n`),
    );
    const route = (host: string, ...more: string[]): string[] => [
      `    - host: ${host}`,
      `      ports: [${port}]`,
      '      address_allowlist: [127.0.0.1/32]',
      // so that what is blocked is blocked by the guard
      '      dlp: { outbound: false }',
      ...more,
    ];
    world.bottle(
      'guarded',
      [
        'agent_provider: { template: command }',
        'supervise: false',
        'egress:',
        '  guard: pipelock',
        '  routes:',
        ...route('open.e2e.test'),
        ...route('api.e2e.test', '      auth: { scheme: Bearer, token_ref: E2E_TOKEN }'),
        ...route('files.e2e.test', '      pipelock: { tls_passthrough: true }'),
      ].join('\n'),
    );
    world.agent('worker', 'guarded');
    bottle = world.start(['run', 'worker', '--yes', '--', 'sleep', '600'], { env });
    bottle.stderr?.on('data', (chunk: Buffer) => said.push(chunk.toString()));
    slug = await runningBottle(world, bottle);
  });
  afterAll(async () => {
    await world.close();
    await upstream.close();
  });

  const inside = (script: string): Promise<Outcome> => world.cli(['exec', slug, '--', 'bash', '-c', script]);
  const curl = (host: string, path: string, more = ''): Promise<Outcome> =>
    inside(`curl -sS -D /dev/stderr ${more} https://${host}:${port}${path}`);

  it('a route is reached through it', async () => {
    const outcome = await curl('open.e2e.test', '/v1');
    expect(outcome.stdout).toBe('reached /v1 undefined\n');
  });

  it('a credential is added behind a TLS connection that it cannot read', async () => {
    const outcome = await curl('api.e2e.test', '/v1');
    expect(outcome.stdout).toMatch(/^reached \/v1 Bearer \*+\n$/);
    expect(upstream.seen.at(-1)?.headers.authorization).toBe(`Bearer ${token}`);
  });

  it('what egress denies does not come to it', async () => {
    expect((await curl('elsewhere.e2e.test', '/')).stdout).toContain('host_not_allowed');
  });

  it('a secret in a body is blocked by it, and does not reach the upstream', async () => {
    const before = upstream.seen.length;
    const outcome = await curl('open.e2e.test', '/v1', `-d key=${leak}`);
    expect(outcome.stderr).toMatch(/^HTTP\/1\.1 403 /m);
    expect(outcome.stderr).toMatch(/^x-pipelock-block-reason: dlp_match\r?$/im);
    expect(outcome.stdout).toBe('blocked: request body contains secret\n');
    expect(upstream.seen.length).toBe(before);
  });

  it('a host named in a query that is not among the routes is blocked by it', async () => {
    const before = upstream.seen.length;
    const outcome = await curl('open.e2e.test', `'/v1?next=https://cdn.e2e.test/'`.replaceAll("'", ''), '-g');
    expect(outcome.stdout).toContain('blocked: domain not in allowlist: cdn.e2e.test');
    expect(upstream.seen.length).toBe(before);
  });

  it('a route with tls_passthrough is not looked into', async () => {
    const outcome = await curl('files.e2e.test', '/v1', `-d key=${leak}`);
    expect(outcome.stdout).toBe('reached /v1 undefined\n');
    expect(upstream.seen.at(-1)?.body).toBe(`key=${leak}`);
  });

  it('the agent has no way to it', async () => {
    const listen = guardsOf(bottle)[0]?.listen ?? '';
    expect(listen).toMatch(/^127\.0\.0\.1:\d+$/);
    const direct = await inside(
      `curl -sS --noproxy '*' http://${listen}/health; getent hosts pipelock; ls /run/bot-bottle`,
    );
    expect(direct.stderr).toMatch(/Failed to connect|Could not connect/);
    expect(direct.stdout).not.toContain('pipelock');
    expect(direct.stdout).toContain('egress');
    const through = await inside(`NO_PROXY= no_proxy= curl -sS http://${listen}/health`);
    expect(through.stdout).toContain('host_not_allowed');
  });

  it('it has an environment of its own, sees no home and no other sidecar, and gains no rights', () => {
    const pid = guardsOf(bottle)[0]?.pid ?? 0;
    const proc = (file: string): string => readFileSync(`/proc/${pid}/${file}`, 'utf8');
    expect(proc('environ').split('\0').toSorted()).toEqual([
      '',
      'HOME=/home/node',
      'SSL_CERT_FILE=/home/node/roots.pem',
    ]);
    const seen = (folder: string): string[] => readdirSync(`/proc/${pid}/root${folder}`).toSorted();
    expect(seen('/home/node')).toEqual(['ca-key.pem', 'ca.pem', 'pipelock.yaml', 'roots.pem']);
    expect(seen('/home')).toEqual(['node']);
    expect(seen('/run')).toEqual([]);
    expect(seen('/opt/bot-bottle/bin')).toEqual(['pipelock']);
    expect(proc('status')).toMatch(/^CapEff:\t0+$/m);
    expect(proc('status')).toMatch(/^NoNewPrivs:\t1$/m);
    expect(proc('status')).toMatch(/^Seccomp:\t2$/m);
  });

  it.runIf(process.getuid?.() === 0)('the credential that went through it is not in its memory', async () => {
    await curl('api.e2e.test', '/v1');
    const pid = guardsOf(bottle)[0]?.pid ?? 0;
    expect(memoryHolds(pid, 'passthrough_domains')).toBe(true);
    expect(memoryHolds(pid, token)).toBe(false);
  });

  it('the key of its CA is in no file, and its configuration in one of the operator', async () => {
    expect(filesHolding('BEGIN PRIVATE KEY', [world.home])).toEqual([]);
    expect(
      filesHolding('passthrough_domains', [world.home]).map((file) => file.replace(/^.*\//, '')),
    ).toContain('pipelock.yaml');
  });

  it('killed in the middle of a session, nothing passes until it is started again', async () => {
    const [guard] = guardsOf(bottle);
    const url = `https://open.e2e.test:${port}/while?`;
    const call = `curl -sS -o /dev/null -w '%{http_code} %header{x-bot-bottle-deny} /while?'$i'\\n' ${url}$i`;
    const watching = inside(`for i in $(seq 60); do ${call}; sleep 0.1; done`);
    const reached = (): Set<string | undefined> => new Set(upstream.seen.map((seen) => seen.url));
    await eventually('requests pass', async () => (reached().has('/while?3') ? true : undefined));
    process.kill(guard?.pid ?? 0, 'SIGKILL');
    const lines = (await watching).stdout.trim().split('\n');
    const counted = (start: string): number => lines.filter((line) => line.startsWith(start)).length;
    expect(counted('503 guard_unavailable')).toBeGreaterThan(0);
    expect(lines.at(-1)).toMatch(/^200 /);
    expect(counted('502 upstream_unreachable')).toBeLessThan(2);
    expect(counted('200') + counted('503') + counted('502')).toBe(60);
    // The one that was on its way may have arrived; of those that came while nothing ran, none did.
    const [, ...later] = lines
      .filter((line) => !line.startsWith('200 '))
      .map((line) => line.split(' ').at(-1));
    expect(later.filter((request) => reached().has(request))).toEqual([]);
    await eventually('its end and return are told', async () =>
      /the sidecar pipelock ended/.test(said.join('')) &&
      /the sidecar pipelock serves again/.test(said.join(''))
        ? true
        : undefined,
    );
  });

  it('it is gone with the bottle', async () => {
    const pids = guardsOf(bottle).map(({ pid }) => pid);
    expect(pids).toHaveLength(1);
    expect((await world.cli(['stop', slug])).code).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('without the program nothing is launched, and how to get it is said', async () => {
    const outcome = await world.run('worker', 'true', {
      env: { ...env, BOT_BOTTLE_PIPELOCK: '/nowhere/pipelock' },
    });
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('egress.guard: pipelock is not found');
    expect(outcome.stderr).toContain('BOT_BOTTLE_PIPELOCK');
  });

  it('a program that is no pipelock stops the launch', async () => {
    const outcome = await world.run('worker', 'true', {
      env: { ...env, BOT_BOTTLE_PIPELOCK: '/usr/bin/true' },
    });
    expect(outcome.code).toBe(125);
    expect(outcome.stderr).toMatch(/pipelock.*(does not say which version|does not run)/s);
  });
});
