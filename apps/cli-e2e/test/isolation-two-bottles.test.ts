import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import { operators } from './support/operators.ts';
import { World } from './support/world.ts';

describe.each(operators)('as $name, two bottles side by side', (operator) => {
  let world: World;
  let slugs: string[] = [];

  beforeAll(async () => {
    world = new World(operator);
    world.bottle('plain', 'agent_provider: { template: command }\nsupervise: false');
    world.agent('worker', 'plain');
    const script = 'echo secret-of-$1 > ~/mine; exec -a "marker-$1" sleep 600';
    for (const each of ['one', 'two']) {
      world.start(['run', 'worker', '--yes', '--', 'bash', '-c', script, 'sh', each]);
    }
    slugs = await eventually('both are listed', async () => {
      const listed = JSON.parse((await world.cli(['list', 'active', '--json'])).stdout) as Array<{
        identity: string;
      }>;
      return listed.length === 2 && listed.map((each) => each.identity);
    });
    for (const slug of slugs) {
      await eventually(`${slug} runs`, async () => {
        return (await world.cli(['exec', slug, '--', 'test', '-s', '/home/node/mine'])).code === 0;
      });
    }
  });
  afterAll(() => world.close());

  it('see neither the files nor the processes of each other', async () => {
    const looks = await Promise.all(
      slugs.map((slug) =>
        world.cli([
          'exec',
          slug,
          '--',
          'bash',
          '-c',
          'cat ~/mine; cat /proc/[0-9]*/cmdline | tr "\\0" " "; ls /run/bot-bottle',
        ]),
      ),
    );
    const owners = looks.map((look) => /secret-of-(\w+)/.exec(look.stdout)?.[1]);
    expect(new Set(owners)).toEqual(new Set(['one', 'two']));
    for (const [index, look] of looks.entries()) {
      expect(look.stdout).toContain(`marker-${owners[index]}`);
      expect(look.stdout).not.toContain(`marker-${owners[1 - index]}`);
    }
  });
});
