import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  openForParity,
  parityCases,
  runCase,
  type BottleCase,
  type BottleContext,
} from '@bot-bottle/backend/parity';
import { createBubblewrapBackend } from '@bot-bottle/backend-bubblewrap';
import { afterAll, beforeAll, expect, test } from 'vitest';

const cases = parityCases.filter((each): each is BottleCase => each.needs === 'bottle');
const folder = mkdtempSync(join(tmpdir(), 'bb-parity-'));

/** Cases of whole launches run where the built sidecars are, in apps/cli-e2e. */
let context: BottleContext;
let close: () => Promise<readonly string[]>;
beforeAll(async () => {
  chmodSync(folder, 0o711);
  const cacheDir = join(tmpdir(), `bot-bottle-test-cache-${process.getuid?.() ?? 0}`);
  if (!existsSync(cacheDir)) mkdirSync(cacheDir, { mode: 0o755 });
  const runtimeDir = join(folder, 'run');
  const backend = createBubblewrapBackend({ runtimeDir, cacheDir, homesDir: join(folder, 'homes') });
  ({ context, close } = await openForParity({ backend }));
});
afterAll(async () => {
  expect(await close()).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});

test.each(cases.map((one) => [one.name, one] as const))(
  '%s',
  async (_name, one) => {
    await runCase(one, context);
  },
  130_000,
);
