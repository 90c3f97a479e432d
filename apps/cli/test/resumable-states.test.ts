import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { StateStore } from '@bot-bottle/backend';
import { expect, it } from 'vitest';
import { tempHome, type TempHome } from './temp-home.ts';

function withStates(): TempHome {
  const world = tempHome();
  const write = (name: string, text: string): string => world.write(`home/state/${name}`, text);
  write('worker-aaaaa/metadata.json', '{"agent":"worker","backend":"bubblewrap","label":"night"}');
  write('worker-bbbbb/metadata.json', '{"agent":"worker","backend":"bubblewrap"}');
  write('worker-bbbbb/.preserve', 'kept');
  write('worker-ccccc/metadata.json', '{}');
  write('worker-ddddd/metadata.json', '{"agent":"worker","backend":"bubblewrap"}');
  mkdirSync(join(world.home, 'state/worker-eeeee'));
  return world;
}

it('list preserved and completion show what is preserved or left, and nothing that runs', async () => {
  const world = withStates();
  const lock = await new StateStore(world.home).lock('worker-ddddd');
  const { out } = await world.cli(['list', 'preserved', '--json']);
  expect(JSON.parse(out)).toMatchObject([
    { identity: 'worker-aaaaa', preserved: false },
    { identity: 'worker-bbbbb', preserved: true },
  ]);
  expect((await world.cli(['__names', 'preserved'])).out).toBe('worker-aaaaa\nworker-bbbbb\n');
  expect(await world.cli(['resume', 'worker-ddddd', '--yes'])).toMatchObject({
    code: 1,
    err: expect.stringContaining(`worker-ddddd is running (process ${process.pid})`),
  });
  await lock.release();
  expect((await world.cli(['__names', 'preserved'])).out).toContain('worker-ddddd');
});

it('resume takes the start of an identity or a label, and says when it fits several', async () => {
  const world = withStates();
  const several = await world.cli(['resume', 'worker-', '--yes']);
  expect(several).toMatchObject({ code: 1, err: expect.stringMatching(/fits several bottles: worker-/) });
  for (const slug of ['worker-a', 'night']) {
    const { err } = await world.cli(['resume', slug, '--dry-run']);
    expect(err + (await world.cli(['resume', slug, '--dry-run', '--json'])).out).toContain('worker-aaaaa');
  }
});

it.each([
  [['resume']],
  [['resume', 'worker-aaaaa', '--cwd']],
  [['resume', 'worker-aaaaa', '--backend', 'bubblewrap']],
  [['resume', 'worker-aaaaa', '--headless']],
  [['resume', 'worker-aaaaa', '--headless', '--prompt', 'x', '--detach']],
])('exits 2 on %j', async (args) => {
  expect((await withStates().cli(args)).code).toBe(2);
});

it('completes what can be resumed', async () => {
  for (const shell of ['bash', 'zsh', 'fish'])
    expect((await tempHome().cli(['completion', shell])).out).toContain('__names preserved');
});
