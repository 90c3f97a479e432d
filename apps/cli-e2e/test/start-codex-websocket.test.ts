import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codexPath, hasCodex } from './support/codex-program.ts';
import { ConnectProxy } from './support/connect-proxy.ts';
import { codexAnswer, fakeChatGpt } from './support/fake-chatgpt.ts';
import { accountId, hostLogin } from './support/host-login.ts';
import { start } from './support/kept-bottle.ts';
import { operators } from './support/operators.ts';
import { plantedSecret } from './support/secrets.ts';
import type { Upstream } from './support/upstream.ts';
import { World } from './support/world.ts';

const [operator] = operators.slice(-1);
const envSecret = plantedSecret('env');

describe.skipIf(!hasCodex)('the real Codex CLI over a WebSocket', () => {
  const messages: string[] = [];
  let world: World;
  let api: Upstream;
  let proxy: ConnectProxy;

  beforeAll(async () => {
    if (operator === undefined) throw new Error('no operator');
    api = fakeChatGpt(accountId, (text) => messages.push(text));
    proxy = new ConnectProxy(await api.listen());
    const url = await proxy.listen();
    world = new World(operator);
    world.write(
      'settings.yml',
      `backend: bubblewrap\nupstream_proxy: ${url}\nextra_ca_file: ${api.certificate.caFile}\n`,
    );
    world.bottle(
      'codex',
      'agent_provider: { template: codex, forward_host_credentials: true }\nenv: { KEY: "${E2E_ENV_SECRET}" }\nsupervise: false',
    );
    world.agent('worker', 'codex', 'You answer in one sentence.');
    world.write('../.codex/auth.json', hostLogin().text);
  });
  afterAll(async () => {
    await world.close();
    await proxy.close();
    await api.close();
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
