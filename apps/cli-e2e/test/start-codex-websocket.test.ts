import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codexPath, hasCodex } from './support/codex-program.ts';
import { codexAnswer, fakeChatGpt } from './support/fake-chatgpt.ts';
import { accountId, hostLogin } from './support/host-login.ts';
import { start } from './support/kept-bottle.ts';
import { operators } from './support/operators.ts';
import { plantedSecret } from './support/secrets.ts';
import type { Upstream } from './support/upstream.ts';
import { vendorWorld, type VendorWorld } from './support/vendor-world.ts';
import { World } from './support/world.ts';

const [operator] = operators.slice(-1);
const envSecret = plantedSecret('env');

describe.skipIf(!hasCodex)('the real Codex CLI over a WebSocket', () => {
  const messages: string[] = [];
  let world: World;
  let api: Upstream;
  let vendor: VendorWorld;

  beforeAll(async () => {
    if (operator === undefined) throw new Error('no operator');
    api = fakeChatGpt(accountId, (text) => messages.push(text));
    world = new World(operator);
    vendor = await vendorWorld(world, api);
    world.bottle(
      'codex',
      'agent_provider: { template: codex, forward_host_credentials: true }\nenv: { KEY: "${E2E_ENV_SECRET}" }\nsupervise: false',
    );
    world.agent('worker', 'codex', 'You answer in one sentence.');
    world.write('../.codex/auth.json', hostLogin().text);
  });
  afterAll(async () => {
    await vendor.close();
  });

  it('holds its conversation, and a secret in it is overwritten', async () => {
    const outcome = await start(world, `Keep ${envSecret} for me.`, [], {
      env: { PATH: codexPath(), E2E_ENV_SECRET: envSecret },
      timeoutMs: 80_000,
    });
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining(codexAnswer) });
    expect(api.seen.filter(({ method }) => method === 'POST')).toEqual([]);
    const conversation = messages.join('\n');
    expect(conversation).toContain('You answer in one sentence.');
    expect(conversation).toContain(`Keep ${'*'.repeat(envSecret.length)} for me.`);
    expect(conversation).not.toContain(envSecret);
  });
});
