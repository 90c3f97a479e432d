import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { launchBottle, StateStore, type BottlePlan, type LaunchOptions } from '../src/index.ts';
import type { FakeOptions } from './owner-fake-host.ts';
import { prepared, type Prepared } from './owner-launched.ts';

const silent = { stdin: null, stdout: null, stderr: null, tty: null };

interface Earlier extends Prepared {
  readonly store: StateStore;
  readonly earlier: string;
}

/** A launch of an identity that has a state with a home. */
async function resumable(
  argv: readonly string[],
  { fake = {}, keep = false }: { fake?: FakeOptions; keep?: boolean } = {},
  changes: Partial<LaunchOptions> = {},
): Promise<Earlier> {
  const ready = await prepared(argv, fake, changes, keep);
  const plan: BottlePlan = { ...ready.plan, resumed: { workspace: false } };
  const store = new StateStore(plan.botBottleHome);
  await mkdir(join(plan.stateDir, 'home'), { recursive: true });
  const earlier = `${JSON.stringify(
    {
      identity: plan.identity,
      agent: 'implementer',
      bottle: 'dev',
      cwd: '/work',
      copy_cwd: true,
      started_at: '2026-01-02T00:00:00.000Z',
      backend: 'bubblewrap',
      project: null,
      images: {},
      label: null,
      owner_pid: 1,
    },
    null,
    2,
  )}\n`;
  await writeFile(join(plan.stateDir, 'metadata.json'), earlier);
  return { ...ready, plan, options: { ...ready.options, plan }, store, earlier };
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

it('removes the state of a killed bottle when the resumed run ended normally', async () => {
  const { options, plan } = await resumable(['true']);
  const bottle = await launchBottle(options);
  await bottle.runMain(silent);
  await bottle.close();
  expect(await isThere(plan.stateDir)).toBe(false);
  expect(await bottle.isKept()).toBe(false);
});

it('keeps what was preserved, and what is resumed with --keep', async () => {
  const before = await resumable(['true']);
  await before.store.preserve(before.plan.identity, 'kept with --keep');
  const now = await resumable(['true'], { keep: true });
  for (const { options, plan, store } of [before, now]) {
    const bottle = await launchBottle(options);
    await bottle.runMain(silent);
    await bottle.close();
    expect(await store.isPreserved(plan.identity)).toBe(true);
    expect(await isThere(join(plan.stateDir, 'home'))).toBe(true);
    expect((await store.read(plan.identity)).metadata.started_at).toBe(plan.startedAt);
  }
});

it.each([
  ['an agent that fails', ['sh', '-c', 'exit 3']],
  ['an agent that is killed', ['sh', '-c', 'kill -9 $$']],
])('%s does not end normally: the state is preserved', async (_what, argv) => {
  const { options, plan, store } = await resumable(argv);
  const bottle = await launchBottle(options);
  await bottle.runMain(silent);
  await bottle.close();
  expect(await store.isPreserved(plan.identity)).toBe(true);
  expect(await bottle.isKept()).toBe(true);
});

it('an end that somebody asked for is normal', async () => {
  const { options, plan } = await resumable(['sleep', '600']);
  const bottle = await launchBottle(options);
  const running = bottle.runMain(silent);
  await bottle.mainStarted;
  await bottle.close();
  await running;
  expect(await isThere(plan.stateDir)).toBe(false);
});

it.each(['open', 'bottle', 'selfCheck'] as const)(
  'a launch whose %s fails leaves the state as it was, byte for byte',
  async (failing) => {
    const { options, plan, store, earlier } = await resumable(['true'], { fake: { failing } });
    await expect(launchBottle(options)).rejects.toMatchObject({ code: 'launch_failed' });
    expect(await readFile(join(plan.stateDir, 'metadata.json'), 'utf8')).toBe(earlier);
    expect(await store.isPreserved(plan.identity)).toBe(false);
    expect(await isThere(join(plan.stateDir, 'home'))).toBe(true);
    await (await store.lock(plan.identity)).release();
  },
);

it('so does a program that cannot be started', async () => {
  const { options, plan, earlier } = await resumable(['no-such-program']);
  const bottle = await launchBottle(options);
  await expect(bottle.runMain(silent)).rejects.toMatchObject({ code: 'exec_failed' });
  await bottle.close();
  expect(await readFile(join(plan.stateDir, 'metadata.json'), 'utf8')).toBe(earlier);
  expect(await isThere(join(plan.stateDir, 'home'))).toBe(true);
});

it('marks the state as preserved while it runs, so that a launcher that dies loses nothing', async () => {
  const { options, plan, store } = await resumable(['sleep', '600']);
  const bottle = await launchBottle(options);
  void bottle.runMain(silent);
  await bottle.mainStarted;
  expect(await store.isPreserved(plan.identity)).toBe(true);
  expect(await store.holder(plan.identity)).toBe(process.pid);
  await bottle.close();
});

it('makes nothing for an identity whose state was removed in the meantime', async () => {
  const { options, plan, store, backend } = await resumable(['true']);
  await store.remove(plan.identity);
  await expect(launchBottle(options)).rejects.toMatchObject({ code: 'state_missing', exitCode: 1 });
  expect(await isThere(plan.stateDir)).toBe(false);
  expect(backend.calls).toEqual([]);
});

it('makes nothing of a state without metadata, and does not mark it', async () => {
  const { options, plan, store } = await resumable(['true']);
  await writeFile(join(plan.stateDir, 'metadata.json'), '[]');
  await expect(launchBottle(options)).rejects.toMatchObject({ code: 'state_missing' });
  expect(await store.isPreserved(plan.identity)).toBe(false);
  expect(await isThere(join(plan.stateDir, 'home'))).toBe(true);
});

it('of two at once one wins, and the other one changes nothing', async () => {
  const { options, plan, store, earlier } = await resumable(['sleep', '600']);
  const results = await Promise.allSettled([launchBottle(options), launchBottle(options)]);
  const won = results.filter((result) => result.status === 'fulfilled');
  const lost = results.filter((result) => result.status === 'rejected');
  expect([won.length, lost.length]).toEqual([1, 1]);
  expect(lost[0]?.reason).toMatchObject({ code: 'state_locked' });
  expect((await store.read(plan.identity)).metadata.started_at).toBe(plan.startedAt);
  expect(earlier).not.toContain(plan.startedAt);
  for (const { value } of won) await value.close();
});

it('remembers that the home holds a workspace', async () => {
  const { options, plan, store } = await resumable(['true'], { keep: true });
  const resumed = { ...plan, resumed: { workspace: true }, workdir: '/home/node/workspace' };
  const bottle = await launchBottle({ ...options, plan: resumed, cwd: '/work' });
  await bottle.runMain(silent);
  await bottle.close();
  expect((await store.read(plan.identity)).metadata).toMatchObject({ copy_cwd: true, cwd: '/work' });
});

it('looking at a holder changes nothing and knows a lock of a process that is gone', async () => {
  const { plan, store } = await resumable(['true']);
  const before = await readdir(plan.stateDir);
  expect(await store.holder(plan.identity)).toBeNull();
  expect(await store.holder('nobody-00000')).toBeNull();
  const gone = JSON.stringify({ pid: process.pid, started: '1', nonce: 'x' });
  await writeFile(join(plan.stateDir, '.lock-7'), gone);
  expect(await store.holder(plan.identity)).toBeNull();
  expect((await readdir(plan.stateDir)).toSorted()).toEqual([...before, '.lock-7'].toSorted());
  const lock = await store.lock(plan.identity);
  expect(await store.holder(plan.identity)).toBe(process.pid);
  await lock.release();
  expect(await store.holder(plan.identity)).toBeNull();
  expect(await readdir(join(plan.stateDir, '..'))).toEqual([plan.identity]);
});
