import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { controlSocketPath, copyOut, type Bottle } from '@bot-bottle/backend';
import { expect, it } from 'vitest';
import { remoteBottle } from '../src/copy/remote-bottle.ts';
import { liveOwner } from './live-owner.ts';
import { tempHome, type TempHome } from './temp-home.ts';

async function remote(): Promise<{
  readonly world: TempHome;
  readonly bottle: Bottle;
  readonly close: () => Promise<unknown>;
}> {
  const world = tempHome();
  const { identity, close } = await liveOwner(world, 'applies', []);
  const socketPath = controlSocketPath(join(world.dir, 'run/bot-bottle'), identity);
  return { world, bottle: remoteBottle({ identity, socketPath }), close };
}

it('a program whose output is given up in the middle still tells its end', async () => {
  const { bottle } = await remote();
  const child = await bottle.spawn(['yes']);
  await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  child.stdout.destroy();
  child.kill('SIGKILL');
  expect(await child.exited).toMatchObject({ code: null });
  await bottle.close();
});

it('a copy that passes a limit ends at once, and leaves nothing', async () => {
  const { world, bottle } = await remote();
  const guest = join(world.dir, 'guest');
  writeFileSync(join(guest, 'big'), Buffer.alloc(20 * 1024 * 1024));
  const copied = copyOut(bottle, '/home/node/big', world.cwd, { force: false, maxBytes: 1024 });
  await expect(copied).rejects.toThrow(/more than 1024 bytes/);
  await bottle.close();
  expect(readdirSync(world.cwd)).toEqual([]);
});

it('a bottle that ends in the middle is no complete copy', async () => {
  const { world, bottle, close } = await remote();
  const guest = join(world.dir, 'guest/many');
  mkdirSync(guest, { recursive: true });
  for (let index = 0; index < 40; index += 1)
    writeFileSync(join(guest, `f${index}`), Buffer.alloc(1024 * 1024));
  const endings: Array<Promise<unknown>> = [];
  const copied = copyOut(bottle, '/home/node/many', world.cwd, {
    force: false,
    onProgress: () => {
      if (endings.length === 0) endings.push(close());
    },
  });
  await expect(copied).rejects.toThrow();
  await Promise.all(endings);
  expect(endings).toHaveLength(1);
  await bottle.close();
  expect(readdirSync(world.cwd)).toEqual([]);
});
