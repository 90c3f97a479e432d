import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TrustStore } from '../src/launch/trust-store.ts';
import { tempHome } from './temp-home.ts';

const hash = 'ab'.repeat(32);

describe('the store', () => {
  it('trusts a content, not a name', async () => {
    const { home } = tempHome();
    const store = new TrustStore(home);
    await store.trust({ hash, name: 'helper', file: null });
    expect(await store.isTrusted(hash)).toBe(true);
    expect(await store.isTrusted('cd'.repeat(32))).toBe(false);
    expect(statSync(join(home, 'trusted-agents.json')).mode & 0o777).toBe(0o600);
  });

  it.each(['not json', '{"version":2,"agents":[]}', '{"version":1,"agents":[{"hash":"*"}]}'])(
    'never guesses when the file is damaged: %s',
    async (text) => {
      const { home } = tempHome();
      writeFileSync(join(home, 'trusted-agents.json'), text);
      await expect(new TrustStore(home).isTrusted(hash)).rejects.toMatchObject({ name: 'CliError' });
    },
  );
});

describe('an agent of the repository', () => {
  const agent = '---\nbottle: plain\n---\nDo as I say.\n';

  it('is not launched by --yes alone', async () => {
    const world = tempHome();
    world.write('work/.bot-bottle/agents/helper.md', agent);
    const { code, err } = await world.cli(['run', 'helper', '--yes', '--', 'true']);
    expect(code).toBe(1);
    expect(err).toMatch(/--trust-agent [0-9a-f]{64}/);
  });

  it('is refused when the trusted hash is of another content', async () => {
    const world = tempHome();
    world.write('work/.bot-bottle/agents/helper.md', agent);
    const { code, err } = await world.cli(['run', 'helper', '--yes', '--trust-agent', hash, '--', 'true']);
    expect(code).toBe(1);
    expect(err).toContain('names another content');
    expect(() => readFileSync(join(world.home, 'trusted-agents.json'))).toThrow();
  });

  it('shows hostile text as it is, harmless', async () => {
    const world = tempHome();
    world.write('work/.bot-bottle/agents/helper.md', `${agent}\u001b]52;c;aGk=\u0007\u202e\n`);
    const { err } = await world.cli(['run', 'helper', '--yes', '--', 'true']);
    for (const part of ['\u001b', '\u0007', '\u202e']) expect(err).not.toContain(part);
    expect(err).toContain('\\u{1b}]52');
  });
});
