import { renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codexPath, hasCodex } from './support/codex-program.ts';
import { eventually } from './support/eventually.ts';
import { hostLogin } from './support/host-login.ts';
import { operators } from './support/operators.ts';
import { Upstream } from './support/upstream.ts';
import { vendorWorld, type VendorWorld } from './support/vendor-world.ts';
import { World } from './support/world.ts';

const curl = 'curl -sS -m 60 https://chatgpt.com/backend-api/codex';

describe.skipIf(!hasCodex).each(operators)('a login that changes, as $name', (operator) => {
  const [first, second] = [hostLogin(), hostLogin()];
  let world: World;
  let api: Upstream;
  let vendor: VendorWorld;
  let streaming: ServerResponse | null = null;
  const login = (): string => path.join(world.home, '.codex/auth.json');
  const audit = async (bottle: string): Promise<string> =>
    (await world.cli(['audit', bottle, '--json'])).stdout;

  beforeAll(async () => {
    api = new Upstream(['chatgpt.com'], (request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      if (request.url.endsWith('/stream')) {
        response.write('data: begun\n\n');
        streaming = response;
      } else response.end('data: done\n\n');
    });
    world = new World(operator);
    vendor = await vendorWorld(world, api);
    world.bottle(
      'codex',
      'agent_provider: { template: codex, forward_host_credentials: true }\nsupervise: false',
    );
    world.agent('worker', 'codex');
  });
  afterAll(async () => {
    await vendor.close();
  });

  const run = (script: string) => {
    world.write('../.codex/auth.json', first.text);
    return world.run('worker', script, { env: { PATH: codexPath() }, timeoutMs: 80_000 });
  };
  const seenAt = (end: string) =>
    api.seen.filter(({ url }) => url.endsWith(end)).map(({ headers }) => headers.authorization);

  it('is used by the next request, also when it changed during a stream', async () => {
    const running = run(`${curl}/stream; ${curl}/next`);
    await eventually('the stream has begun', () => streaming !== null, 60_000);
    world.write('../.codex/new.json', second.text);
    renameSync(path.join(path.dirname(login()), 'new.json'), login());
    const [bottle = ''] = (
      JSON.parse((await world.cli(['list', 'active', '--json'])).stdout) as Array<{ identity: string }>
    ).map(({ identity }) => identity);
    await eventually(
      'the new token is taken',
      async () => (await audit(bottle)).includes('"credential"'),
      30_000,
    );
    streaming?.end('data: over\n\n');
    const outcome = await running;
    expect(outcome).toMatchObject({ code: 0, stdout: 'data: begun\n\ndata: over\n\ndata: done\n\n' });
    expect(seenAt('/stream')).toEqual([`Bearer ${first.accessToken}`]);
    expect(seenAt('/next')).toEqual([`Bearer ${second.accessToken}`]);
  });

  it('is withdrawn when the host has none any more, and the operator is told', async () => {
    const script = `until [ -e gone ]; do ${curl}/before >/dev/null; ${curl}/again | grep -q credential_unavailable && touch gone; done; echo refused`;
    const running = run(script);
    await eventually('the first request came', () => seenAt('/before').length > 0, 60_000);
    rmSync(login());
    const outcome = await running;
    expect(outcome).toMatchObject({ code: 0, stdout: 'refused\n' });
    expect(outcome.stderr).toContain('auth.json is not there');
    expect(outcome.stderr).toContain('codex login --device-auth');
  });
});
