import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codexPath, hasCodex } from './support/codex-program.ts';
import { codexAnswer, fakeChatGpt } from './support/fake-chatgpt.ts';
import { hostLogin, accountId } from './support/host-login.ts';
import { onlyResumable, resume, start } from './support/kept-bottle.ts';
import { operators } from './support/operators.ts';
import { filesHolding } from './support/secrets.ts';
import type { Upstream } from './support/upstream.ts';
import { vendorWorld, type VendorWorld } from './support/vendor-world.ts';
import { World } from './support/world.ts';

describe.skipIf(!hasCodex).each(operators)('start as $name: the real Codex CLI', (operator) => {
  const login = hostLogin();
  let world: World;
  let api: Upstream;
  let vendor: VendorWorld;
  let options = {};

  beforeAll(async () => {
    api = fakeChatGpt(accountId);
    world = new World(operator);
    vendor = await vendorWorld(world, api);
    world.bottle(
      'codex',
      'agent_provider: { template: codex, forward_host_credentials: true }\nsupervise: false',
    );
    world.agent('worker', 'codex', 'You answer in one sentence.');
    world.write('../.codex/auth.json', login.text);
    options = { env: { PATH: codexPath() }, timeoutMs: 80_000 };
  });
  afterAll(async () => {
    await vendor.close();
  });

  it('answers a prompt with the host’s login, which is not in the bottle', async () => {
    const outcome = await start(world, 'Is it safe?', ['--keep'], options);
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining(codexAnswer) });
    const turns = api.seen.filter(({ method, url }) => method === 'POST' && url.includes('/codex/responses'));
    expect(turns.length).toBeGreaterThan(0);
    for (const { headers } of turns) {
      expect(headers.authorization).toBe(`Bearer ${login.accessToken}`);
      expect(headers['chatgpt-account-id']).toBe(accountId);
    }
    expect(turns.some(({ body }) => body.includes('You answer in one sentence.'))).toBe(true);
    expect(new Set(vendor.proxy.targets)).toEqual(new Set(['chatgpt.com:443']));
    for (const secret of login.secrets) {
      expect(outcome.stdout + outcome.stderr).not.toContain(secret);
      expect(filesHolding(secret, [world.botBottleHome])).toEqual([]);
    }
  });

  it('shows the agent a login that opens nothing', async () => {
    const script =
      'env; cat ~/.codex/* 2>/dev/null; cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr "\\0" "\\n"';
    const outcome = await world.run('worker', script, options);
    expect(outcome.stdout).toContain('"refresh_token": "bot-bottle-placeholder"');
    expect(outcome.stdout).toContain(accountId);
    for (const secret of login.secrets) expect(outcome.stdout + outcome.stderr).not.toContain(secret);
  });

  it.each([
    ['missing', null, 'is not there'],
    ['not JSON', 'x', 'is not JSON'],
    ['of an API key', '{"auth_mode": "apikey", "OPENAI_API_KEY": "sk-planted"}', 'has the auth_mode apikey'],
    ['without tokens', '{"auth_mode": "chatgpt"}', 'holds no tokens'],
    ['without JWT', '{"auth_mode": "chatgpt", "tokens": {"access_token": "sk-planted"}}', 'not a JWT'],
    ['expired', hostLogin(-60).text, 'expired at'],
  ])('starts nothing with a login that is %s', async (_name, text, message) => {
    if (text === null) rmSync(path.join(world.home, '.codex/auth.json'));
    else world.write('../.codex/auth.json', text);
    const outcome = await start(world, 'Is it safe?', [], options);
    world.write('../.codex/auth.json', login.text);
    expect(outcome).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(message) });
    expect(outcome.stderr).toContain('codex login --device-auth');
    expect(outcome.stderr).not.toContain('planted');
  });

  it('continues the conversation when it is resumed', async () => {
    const { identity } = await onlyResumable(world);
    const before = api.seen.length;
    const outcome = await resume(world, identity, 'And now?', [], options);
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining(codexAnswer) });
    const turn = api.seen
      .slice(before)
      .find(({ method, body }) => method === 'POST' && body.includes('And now?'));
    expect(turn?.body).toContain('Is it safe?');
  });
});
