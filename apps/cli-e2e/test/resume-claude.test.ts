import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerPieces, fakeAnthropic } from './support/fake-anthropic.ts';
import { reachableFolder } from './support/installation.ts';
import { homeOf, onlyResumable, resume, start } from './support/kept-bottle.ts';
import { operators } from './support/operators.ts';
import { has } from './support/requirements.ts';
import { plantedSecret } from './support/secrets.ts';
import type { Upstream } from './support/upstream.ts';
import { vendorWorld, type VendorWorld } from './support/vendor-world.ts';
import { World } from './support/world.ts';

const claude = path.resolve(import.meta.dirname, '../../../.cache/programs/node_modules/.bin/claude');
const available = existsSync(claude)
  ? has('claude', claude, ['--version'])
  : has('claude', 'claude', ['--version']);

describe.skipIf(!available).each(operators)('resume as $name: the real Claude Code CLI', (operator) => {
  const token = plantedSecret('sk-ant-oat01');
  let world: World;
  let api: Upstream;
  let vendor: VendorWorld;
  let identity = '';

  beforeAll(async () => {
    api = fakeAnthropic();
    world = new World(operator);
    vendor = await vendorWorld(world, api);
    world.bottle(
      'claude',
      'agent_provider: { template: claude, auth_token: E2E_CLAUDE_TOKEN }\nsupervise: false',
    );
    world.agent('worker', 'claude', 'You answer in one sentence.');
  });
  afterAll(async () => {
    if (operator.uid === 0 && identity !== '')
      rmSync(path.dirname(homeOf(world, identity)), { recursive: true, force: true });
    await vendor.close();
  });

  it('continues the conversation of the earlier life', async () => {
    const searchPath = existsSync(claude)
      ? `${reachableFolder(claude)}:/usr/bin:/bin`
      : (process.env['PATH'] ?? '');
    const options = { env: { E2E_CLAUDE_TOKEN: token, PATH: searchPath }, timeoutMs: 80_000 };
    expect(await start(world, 'Is the first life over?', ['--keep'], options)).toMatchObject({ code: 0 });
    ({ identity } = await onlyResumable(world));
    const before = api.seen.length;
    const outcome = await resume(world, identity, 'And the second one?', [], options);
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining(answerPieces.join('')) });
    const asked = api.seen
      .slice(before)
      .filter((seen) => seen.url.startsWith('/v1/messages') && seen.body.includes('And the second one?'));
    expect(asked.length).toBeGreaterThan(0);
    // What was asked and answered before, in this order, in one request.
    expect(asked.some(({ body }) => isConversation(body))).toBe(true);
  });
});

function isConversation(body: string): boolean {
  const { messages } = JSON.parse(body) as { messages: Array<{ role: string; content: unknown }> };
  const texts = messages.map(({ role, content }) => `${role} ${JSON.stringify(content)}`);
  const places = [
    texts.findIndex((text) => text.startsWith('user') && text.includes('Is the first life over?')),
    texts.findIndex((text) => text.startsWith('assistant') && text.includes(answerPieces.join(''))),
    texts.findIndex((text) => text.startsWith('user') && text.includes('And the second one?')),
  ];
  return places.every((place, index) => place > (places[index - 1] ?? -1));
}
