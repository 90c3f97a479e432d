import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SuperviseError, type DecideRequest, type Proposal } from '@bot-bottle/supervise';
import { describe, expect, it } from 'vitest';
import { BackendError, StateStore } from '../src/index.ts';
import { Rebuild, type RebuildFacts } from '../src/owner/rebuild.ts';
import { answer, bottle, deskWorld } from './proposal-samples.ts';
import { tempDir } from './temp-dir.ts';

const plain = 'FROM agent\n';
const asked = {
  kind: 'capability-block',
  dockerfile: 'FROM agent\nRUN one\n',
  current: plain,
  justification: 'the tests need it',
} as const;

interface World {
  readonly rebuild: Rebuild;
  readonly built: string[];
  readonly store: StateStore;
  readonly state: () => Promise<{ readonly dockerfile: string | null; readonly mark: string | null }>;
}

async function rebuildWorld(
  changes: Partial<RebuildFacts> & { readonly rebuilt?: string } = {},
): Promise<World> {
  const botBottleHome = await tempDir();
  const store = new StateStore(botBottleHome);
  const lock = await store.lock(bottle);
  await lock.release();
  const built: string[] = [];
  const rebuild = new Rebuild({
    plan: { identity: bottle, botBottleHome, rebuilt: changes.rebuilt ?? null },
    build: async (dockerfile) => void built.push(dockerfile),
    ...changes,
  });
  return {
    rebuild,
    built,
    store,
    state: async () => ({
      dockerfile: await readFile(join(store.dir(bottle), 'Dockerfile'), 'utf8').catch(() => null),
      mark: await store.keepReason(bottle),
    }),
  };
}

/** A desk whose agent asks through its supervise sidecar. */
async function asking(world: World) {
  const desk = await deskWorld({ appliers: { 'capability-block': world.rebuild.applier } });
  const source = desk.desk.connect('supervise', async () => undefined);
  const propose = async (request: object = asked): Promise<string> => (await source.propose(request)).id;
  const decide = async (id: string, more: Partial<DecideRequest> = {}) =>
    await desk.desk.decide({ ...answer(desk.desk, id), ...more });
  return { ...desk, source, propose, decide };
}

const isRecorded = async ({ rebuild }: World): Promise<boolean> =>
  await Promise.race([rebuild.recorded.then(() => true), Promise.resolve().then(() => false)]);

describe('an approval', () => {
  it('builds, writes the Dockerfile, keeps the state, and only then lets the bottle end', async () => {
    const world = await rebuildWorld();
    const { propose, decide, source } = await asking(world);
    const id = await propose();
    expect(await isRecorded(world)).toBe(false);
    expect(await decide(id)).toMatchObject({
      outcome: 'approved',
      applied: expect.stringContaining(`bot-bottle resume ${bottle}`),
      dockerfile: null,
    });
    expect(world.built).toEqual([asked.dockerfile]);
    expect(await world.state()).toEqual({
      dockerfile: asked.dockerfile,
      mark: 'rebuilt by capability-block',
    });
    expect((await stat(join(world.store.dir(bottle), 'Dockerfile'))).mode & 0o777).toBe(0o600);
    expect(await isRecorded(world)).toBe(true);
    expect(await source.status(id, 0, AbortSignal.timeout(1000))).toMatchObject({ status: 'approved' });
    await expect(propose({ ...asked, dockerfile: 'FROM agent\nRUN two\n' })).rejects.toThrow(/being stopped/);
  });

  it('of another Dockerfile is a modification, checked like what was asked', async () => {
    const world = await rebuildWorld();
    const { propose, decide } = await asking(world);
    const id = await propose();
    for (const dockerfile of [
      'FROM debian\n',
      'FROM agent\nADD http://x /\n',
      'FROM agent\nRUN a \u202e\n',
      plain,
    ])
      await expect(decide(id, { dockerfile })).rejects.toMatchObject({ code: 'invalid_dockerfile' });
    expect(world.built).toEqual([]);
    const dockerfile = 'FROM agent\nRUN less\n';
    expect(await decide(id, { dockerfile })).toMatchObject({ outcome: 'modified', dockerfile });
    expect(world.built).toEqual([dockerfile]);
    expect((await world.state()).dockerfile).toBe(dockerfile);
  });

  it('that cannot be built leaves the proposal, and everything, as it was', async () => {
    const world = await rebuildWorld({
      build: async () => {
        throw new BackendError('launch_failed', 'non-zero code: 3\u001b[31m', { hint: 'before it: boom' });
      },
    });
    const { propose, decide, desk } = await asking(world);
    const id = await propose();
    await expect(decide(id)).rejects.toMatchObject({
      code: 'apply_failed',
      message: 'it could not be applied: non-zero code: 3\\u{1b}[31m; before it: boom',
    });
    expect(desk.list()).toHaveLength(1);
    expect(await world.state()).toEqual({ dockerfile: null, mark: null });
    expect(await isRecorded(world)).toBe(false);
    // It can be decided again, also otherwise.
    await expect(decide(id)).rejects.toMatchObject({ code: 'apply_failed' });
    expect(await decide(id, { outcome: 'rejected', reason: 'no' })).toMatchObject({ outcome: 'rejected' });
  });

  it('that cannot be written down takes the mark back', async () => {
    const world = await rebuildWorld({
      build: async (dockerfile) => {
        // The place of the file is taken by a folder.
        const { mkdir } = await import('node:fs/promises');
        await mkdir(join(world.store.dir(bottle), 'Dockerfile', dockerfile.slice(0, 4)), { recursive: true });
      },
    });
    const { propose, decide } = await asking(world);
    await expect(decide(await propose())).rejects.toMatchObject({ code: 'apply_failed' });
    expect((await world.state()).mark).toBe(null);
    expect(await isRecorded(world)).toBe(false);
  });

  it('ends with its bottle, and the build is told', async () => {
    const signals: AbortSignal[] = [];
    const world = await rebuildWorld({
      build: async (_dockerfile, { signal }) => {
        if (signal === undefined) throw new Error('no signal');
        signals.push(signal);
        await new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        );
      },
    });
    const desk = await deskWorld({
      appliers: { 'capability-block': world.rebuild.applier },
      closeGraceMs: 1,
    });
    const { id } = await desk.desk.connect('supervise', async () => undefined).propose(asked);
    const deciding = desk.desk.decide(answer(desk.desk, id)).catch((error: unknown) => error);
    await expect.poll(() => signals.length).toBe(1);
    await desk.desk.close();
    expect(await deciding).toMatchObject({
      code: 'apply_failed',
      message: expect.stringContaining('the bottle ended while it was built'),
    });
    expect(signals[0]?.aborted).toBe(true);
    expect(await world.state()).toEqual({ dockerfile: null, mark: null });
  });

  it('is one at a time: a second image is not built beside the first', async () => {
    const [began, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const world = await rebuildWorld({
      build: async () => {
        began.resolve();
        await go.promise;
      },
    });
    const { propose, decide } = await asking(world);
    const first = await propose();
    const second = await propose({ ...asked, dockerfile: 'FROM agent\nRUN two\n' });
    const building = decide(first);
    await began.promise;
    await expect(decide(second)).rejects.toMatchObject({ code: 'being_decided' });
    go.resolve();
    expect(await building).toMatchObject({ outcome: 'approved' });
    await expect(decide(second)).rejects.toMatchObject({ code: 'being_decided' });
    expect((await world.state()).dockerfile).toBe(asked.dockerfile);
  });

  it('does not undo that the operator asked to keep the state', async () => {
    const world = await rebuildWorld();
    await world.store.preserve(bottle, 'kept with --keep');
    const { propose, decide } = await asking(world);
    await decide(await propose());
    expect((await world.state()).mark).toBe('kept with --keep');
  });
});

describe('a sidecar that was taken over', () => {
  it.each<[string, object, RegExp]>([
    ['another image', { dockerfile: 'FROM evil/image\n' }, /dockerfile: line 1: FROM must name/],
    ['remote files', { dockerfile: 'FROM agent\nADD https://x /\n' }, /ADD is refused/],
    ['a front end of its own', { dockerfile: '# syntax=evil/frontend\nFROM agent\n' }, /parser directive/],
    ['what cannot be seen', { dockerfile: 'FROM agent\nRUN a\u202e\n' }, /cannot be seen/],
    ['another Dockerfile in force', { current: 'FROM agent\nRUN one\n' }, /current: is not the Dockerfile/],
    ['none in force', { current: null }, /current: is not the Dockerfile/],
    ['what is in force', { dockerfile: plain }, /in force already/],
    ['too much', { dockerfile: `FROM agent\n# ${'x'.repeat(40_000)}` }, /not a proposal: dockerfile/],
    ['no reason', { justification: '' }, /not a proposal: justification/],
    ['an answer of its own', { outcome: 'approved' }, /not a proposal/],
  ])('does not come before a human with %s', async (_what, change, problem) => {
    const { propose, desk } = await asking(await rebuildWorld());
    await expect(propose({ ...asked, ...change })).rejects.toThrow(problem);
    expect(desk.list()).toEqual([]);
  });

  it('cannot ask where no image can be rebuilt', async () => {
    const world = await rebuildWorld({ build: null });
    expect(world.rebuild.current).toBe(null);
    const { propose, desk } = await asking(world);
    await expect(propose()).rejects.toThrow(/no image that could be rebuilt/);
    await expect(propose({ ...asked, current: null })).rejects.toThrow(/no image that could be rebuilt/);
    expect(desk.list()).toEqual([]);
  });
});

describe('in a later life', () => {
  it('what was approved is in force, and is what the next one is compared with', async () => {
    const world = await rebuildWorld({ rebuilt: asked.dockerfile });
    const { propose, decide } = await asking(world);
    expect(world.rebuild.current).toBe(asked.dockerfile);
    await expect(propose()).rejects.toThrow(/current: is not/);
    const id = await propose({ ...asked, current: asked.dockerfile, dockerfile: 'FROM agent\nRUN two\n' });
    await expect(decide(id, { dockerfile: asked.dockerfile })).rejects.toBeInstanceOf(SuperviseError);
    await decide(id);
    expect((await world.state()).dockerfile).toBe('FROM agent\nRUN two\n');
  });

  it('the agent may ask how the question of the earlier one ended', async () => {
    const world = await rebuildWorld();
    const first = await asking(world);
    const id = await first.propose();
    await first.decide(id);
    await first.desk.close();
    const { ProposalDesk } = await import('@bot-bottle/supervise');
    const later = await ProposalDesk.open({
      bottle,
      queue: first.queue,
      audit: first.audit,
      onNotice: () => undefined,
      onWarning: () => undefined,
    });
    const status = (sidecar: Proposal['sidecar']) =>
      later.connect(sidecar, async () => undefined).status(id, 0, AbortSignal.timeout(1000));
    expect(await status('supervise')).toMatchObject({ status: 'approved' });
    // Of another sidecar it is none of their business.
    expect(await status('egress')).toBe(null);
    await later.close();
  });
});
