import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFairLock } from '../src/mirror/fair-lock.ts';
import { createSharedRun } from '../src/mirror/shared-run.ts';
import { commitAt } from './support/bare-repo.ts';
import { createMirrorFixture, ready } from './mirror-fixture.ts';
import type { MirrorFixture } from './mirror-fixture.ts';

const never = new AbortController().signal;

describe('the lock', () => {
  test('lets one in at a time, in the order of asking', async () => {
    const lock = createFairLock();
    const seen: string[] = [];
    const enter = (name: string): Promise<void> =>
      lock(never, async () => {
        seen.push(`${name} in`);
        await Promise.resolve();
        seen.push(`${name} out`);
      });
    await Promise.all([enter('a'), enter('b'), enter('c')]);
    expect(seen).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
  });

  test('is not for somebody who is gone already', async () => {
    let ran = false;
    const gone = createFairLock()(AbortSignal.abort(), async () => {
      ran = true;
    });
    await expect(gone).rejects.toMatchObject({ code: 'git_failed' });
    expect(ran).toBe(false);
  });

  test('goes to the next one when work fails or a waiting one gives up', async () => {
    const lock = createFairLock();
    const { promise: hold, resolve: release } = Promise.withResolvers<void>();
    const controller = new AbortController();
    const failing = lock(never, async () => {
      await hold;
      throw new Error('work failed');
    });
    let ran = false;
    const givenUp = lock(controller.signal, async () => {
      ran = true;
    });
    const last = lock(never, async () => 'last');
    controller.abort();
    await expect(givenUp).rejects.toMatchObject({ code: 'git_failed' });
    release();
    await expect(failing).rejects.toThrow('work failed');
    expect([await last, ran]).toEqual(['last', false]);
  });

  test('never lets the next one in while one works, though one between gave up', async () => {
    const lock = createFairLock();
    const { promise: hold, resolve: release } = Promise.withResolvers<void>();
    const seen: string[] = [];
    const first = lock(never, async () => {
      await hold;
      seen.push('first');
    });
    const given = lock(AbortSignal.abort(), async () => seen.push('never'));
    const last = lock(never, async () => seen.push('last'));
    await expect(given).rejects.toMatchObject({ code: 'git_failed' });
    release();
    await Promise.all([first, last]);
    expect(seen).toEqual(['first', 'last']);
  });
});

describe('a shared run', () => {
  test('is cancelled when nobody waits for it any more, and not before', async () => {
    const { promise: cancelled, resolve } = Promise.withResolvers<void>();
    let aborted = false;
    const { promise: running, resolve: start } = Promise.withResolvers<void>();
    const shared = createSharedRun(async (signal) => {
      signal.addEventListener('abort', () => {
        aborted = true;
        resolve();
      });
      start();
      await cancelled;
    });
    const [one, two] = [new AbortController(), new AbortController()];
    const first = shared(one.signal);
    const second = shared(two.signal);
    await running;
    one.abort();
    await expect(first).rejects.toMatchObject({ code: 'git_failed' });
    expect(aborted).toBe(false);
    two.abort();
    await expect(second).rejects.toMatchObject({ code: 'git_failed' });
    await cancelled;
    expect(aborted).toBe(true);
  });

  test('that has begun is not given to those who come later: they share the next one', async () => {
    const { promise: hold, resolve: release } = Promise.withResolvers<void>();
    let runs = 0;
    const shared = createSharedRun(async (_signal, begun) => {
      begun();
      runs += 1;
      await hold;
    });
    const first = shared(never);
    await Promise.resolve();
    const later = [shared(never), shared(never)];
    release();
    await Promise.all([first, ...later]);
    expect(runs).toBe(2);
  });

  test('that was cancelled before it began is not given to the next one', async () => {
    const { promise: hold, resolve: release } = Promise.withResolvers<void>();
    const cancelled: boolean[] = [];
    const shared = createSharedRun(async (signal, begun) => {
      await hold;
      begun();
      cancelled.push(signal.aborted);
    });
    const controller = new AbortController();
    const first = shared(controller.signal);
    controller.abort();
    await expect(first).rejects.toMatchObject({ code: 'git_failed' });
    const second = shared(never);
    release();
    await second;
    expect(cancelled).toEqual([true, false]);
  });

  test('does not start for somebody who is gone already', async () => {
    let runs = 0;
    const shared = createSharedRun(async () => {
      runs += 1;
    });
    await expect(shared(AbortSignal.abort())).rejects.toMatchObject({ code: 'git_failed' });
    expect(runs).toBe(0);
  });
});

describe.skipIf(!ready)('refreshes at the same time', () => {
  let fixture: MirrorFixture;
  beforeAll(async () => {
    fixture = await createMirrorFixture();
  });
  afterAll(async () => await fixture.close());

  test('share at most two runs', async () => {
    await fixture.upstream.addRepo('busy');
    const mirror = await fixture.mirror('busy');
    await mirror.refresh(never);
    await fixture.newCommands();
    await Promise.all(Array.from({ length: 20 }, () => mirror.refresh(never)));
    expect((await fixture.newCommands()).length).toBeLessThanOrEqual(2);
  });

  test('never give a state that is older than the question', async () => {
    const { upstream } = fixture;
    await upstream.addRepo('asked');
    const mirror = await fixture.mirror('asked');
    await mirror.refresh(never);
    // the next run lists the refs, then waits at the upstream until the new commit is there
    const { promise: inside, resolve: entered } = Promise.withResolvers<void>();
    const { promise: hold, resolve: release } = Promise.withResolvers<void>();
    const first = mirror.withLock(never, async (held) => {
      await held.refresh(never);
      entered();
      await hold;
    });
    await inside;
    await commitAt(upstream.repoPath('asked'), [{ files: { new: 'file' } }]);
    const second = mirror.refresh(never).then(async () => await mirror.refs());
    release();
    await first;
    expect(await second).toEqual(await upstream.refs('asked'));
  });

  test('that come while one runs see what the upstream got after it began', async () => {
    const { upstream } = fixture;
    await upstream.addRepo('late');
    const mirror = await fixture.mirror('late');
    await mirror.refresh(never);
    await fixture.newCommands();
    const first = mirror.refresh(never);
    while ((await upstream.commands()).length === 0 || (await fixture.newCommands()).length === 0)
      await turn();
    await commitAt(upstream.repoPath('late'), [{ files: { new: 'file' } }]);
    await mirror.refresh(never);
    expect(await mirror.refs()).toEqual(await upstream.refs('late'));
    await first;
  });

  test('wait for a push that has the lock', async () => {
    await fixture.upstream.addRepo('locked');
    const mirror = await fixture.mirror('locked');
    await fixture.newCommands();
    const seen: string[] = [];
    const { promise: hold, resolve: release } = Promise.withResolvers<void>();
    const push = mirror.withLock(never, async () => {
      await hold;
      seen.push('push');
    });
    const refresh = mirror.refresh(never).then(() => seen.push('refresh'));
    expect(await fixture.newCommands()).toEqual([]);
    release();
    await Promise.all([push, refresh]);
    expect(seen).toEqual(['push', 'refresh']);
  });
});

describe.skipIf(!ready)('the start of a mirror', () => {
  let fixture: MirrorFixture;
  beforeAll(async () => {
    fixture = await createMirrorFixture();
    await fixture.upstream.addRepo('kept');
    await fixture.upstream.addRepo('other');
  });
  afterAll(async () => await fixture.close());

  test('keeps one that was closed, and throws away one that was not', async () => {
    const first = await fixture.mirror('kept');
    await first.refresh(never);
    await first.close();
    const second = await fixture.mirror('kept');
    expect((await second.refs()).size).toBe(1);
    const third = await fixture.mirror('kept');
    expect((await third.refs()).size).toBe(0);
    await third.refresh(never);
    expect((await third.refs()).size).toBe(1);
  });

  test('throws away one that is broken', async () => {
    const first = await fixture.mirror('kept');
    await first.refresh(never);
    await first.close();
    await writeFile(`${first.gitDir}/HEAD`, 'half');
    const second = await fixture.mirror('kept');
    expect((await second.refs()).size).toBe(0);
    await second.refresh(never);
    expect((await second.refs()).size).toBe(1);
  });

  test('never serves the objects of another upstream under the same name', async () => {
    const first = await fixture.mirror('kept');
    await first.refresh(never);
    await first.close();
    const second = await fixture.mirror('kept', { path: fixture.upstream.repoPath('other') });
    expect((await second.refs()).size).toBe(0);
  });
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
