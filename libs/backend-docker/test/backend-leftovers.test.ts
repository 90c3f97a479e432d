import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Leftover } from '@bot-bottle/backend';
import { describe, expect, test } from 'vitest';
import { labelNames } from '../src/labels.ts';
import { engineContents, testEngine } from './support/engine.ts';
import { holdBottle } from './support/hold-bottle.ts';
import { backendOn, bottleSpec, localBottle } from './support/local-bottle.ts';
import { waitUntil } from './support/wait-until.ts';

const engine = await testEngine();

describe.skipIf(engine === null)('what bottles leave', () => {
  const running = async (identity: string): Promise<string[]> => {
    const filters = { label: [`${labelNames.slug}=${identity}`] };
    return (await engine?.docker.listContainers({ filters }))?.map(({ Names }) => Names.join()) ?? [];
  };
  const leftBy = async (
    identity: string,
    live: ReadonlySet<string> = new Set(),
  ): Promise<readonly Leftover[]> => {
    if (engine === null) return [];
    return (await backendOn(engine).leftovers(live)).filter((each) => each.identity === identity);
  };
  const kinds = (found: readonly Leftover[]): string[] => found.map(({ kind }) => kind).toSorted();

  test('a launcher that is killed ends its containers, and cleanup takes the rest', async () => {
    if (engine === null) return;
    const spec = bottleSpec({ sidecars: ['egress'] });
    const before = await engineContents(engine.docker);
    const child = await holdBottle(spec, engine.baseImage);
    expect(await running(spec.identity)).toHaveLength(2);
    // Nobody takes what belongs to a living owner, even when it is not listed as live.
    expect(await leftBy(spec.identity)).toEqual([]);
    child.kill('SIGKILL');
    await waitUntil(async () => (await running(spec.identity)).length === 0);
    await waitUntil(async () => (await leftBy(spec.identity)).length > 0);
    expect(await leftBy(spec.identity, new Set([spec.identity]))).toEqual([]);
    // Its state is still there: it can be resumed, so its home stays.
    expect(kinds(await leftBy(spec.identity))).toEqual(['container', 'container', 'network']);
    rmSync(join(spec.stateDir, '..'), { recursive: true });
    const found = await leftBy(spec.identity);
    expect(kinds(found)).toEqual(['container', 'container', 'network', 'volume']);
    for (const each of found) await each.remove();
    expect(await engineContents(engine.docker)).toMatchObject({
      ...before,
      images: expect.anything(),
    });
    expect(await leftBy(spec.identity)).toEqual([]);
  }, 120_000);

  test('a process of the agent that ignores every signal does not outlive the launcher', async () => {
    if (engine === null) return;
    const spec = bottleSpec();
    const child = await holdBottle(spec, engine.baseImage);
    const container = engine.docker.getContainer(`bot-bottle-${spec.identity}`);
    const exec = await container.exec({
      User: '1000',
      Cmd: [
        'sh',
        '-c',
        'trap "" TERM HUP INT; for p in /proc/[0-9]*; do kill -STOP ${p#/proc/} 2>/dev/null; done; while :; do sleep 1; done',
      ],
    });
    await exec.start({ Detach: true });
    await waitUntil(async () => JSON.stringify(await container.top({})).includes('trap'));
    child.kill('SIGKILL');
    await waitUntil(async () => (await running(spec.identity)).length === 0);
    rmSync(join(spec.stateDir, '..'), { recursive: true });
    for (const each of await leftBy(spec.identity)) await each.remove();
  }, 120_000);

  test('what has no labels of ours, or those of another machine, stays', async () => {
    if (engine === null) return;
    const { docker } = engine;
    const owner = JSON.stringify({ host: '0123456789abcdef', boot: 'x', uid: 0, pid: 1, start: '1' });
    const names = ['bot-bottle-foreign-home', 'bot-bottle-other-home', 'bot-bottle-forged-home'];
    const labels = [
      {},
      { [labelNames.slug]: 'other-00000', [labelNames.owner]: owner },
      { [labelNames.slug]: 'forged-00000', [labelNames.owner]: 'x' },
    ];
    for (const [index, Name] of names.entries())
      await docker.createVolume({ Name, Labels: { ...labels[index], 'bot-bottle-test': '1' } });
    const found = await backendOn(engine).leftovers(new Set());
    expect(found.filter(({ description }) => names.some((name) => description.includes(name)))).toEqual([]);
    for (const name of names) await docker.getVolume(name).remove();
  });

  test('a kept home is used again, and a missing one is said', async () => {
    if (engine === null) return;
    const first = await localBottle(engine);
    await first.sh('echo kept > ~/note');
    writeFileSync(join(first.stateDir, '.preserve'), 'kept');
    expect(await first.host.close()).toEqual([]);
    const again = { identity: first.identity, stateDir: first.stateDir, resumed: true };
    expect(await leftBy(first.identity)).toEqual([]);
    const second = await localBottle(engine, again);
    expect((await second.sh('cat ~/note')).stdout).toBe('kept\n');
    await expect(backendOn(engine).open(bottleSpec(again))).rejects.toMatchObject({
      code: 'launch_failed',
      message: expect.stringContaining('runs already'),
    });
    rmSync(join(first.stateDir, '.preserve'));
    await second.dispose();
    expect(existsSync(first.stateDir)).toBe(false);
    mkdirSync(first.stateDir, { recursive: true });
    await expect(backendOn(engine).open(bottleSpec(again))).rejects.toMatchObject({ code: 'state_missing' });
    await first.dispose();
  });

  test('ten bottles that start at once share nothing, and twenty rounds leave nothing', async () => {
    if (engine === null) return;
    const backend = backendOn(engine);
    const warm = await localBottle(engine, { sidecars: ['egress'] });
    await warm.dispose();
    const before = await engineContents(engine.docker);
    const specs = Array.from({ length: 10 }, () =>
      bottleSpec({ sidecars: ['egress', 'git-gate', 'supervise'] }),
    );
    const hosts = await Promise.all(specs.map((spec) => backend.open(spec)));
    const addresses = hosts.flatMap((host) =>
      (['egress', 'git-gate', 'supervise'] as const).map((name) => host.listenAddress(name)),
    );
    expect(new Set(addresses).size).toBe(30);
    const bottles = await Promise.all(hosts.slice(0, 4).map((host) => host.startBottle()));
    expect(new Set(bottles.map(({ identity }) => identity)).size).toBe(4);
    expect((await Promise.all(hosts.map((host) => host.close()))).flat()).toEqual([]);
    expect(await engineContents(engine.docker)).toEqual(before);
    for (let round = 0; round < 20; round += 1) {
      const host = await backend.open(bottleSpec({ sidecars: round % 2 === 0 ? [] : ['git-gate'] }));
      if (round % 4 === 0) await host.startBottle();
      // Closed while it is being made, too.
      const late = round % 4 === 1 ? host.startBottle().catch(() => undefined) : null;
      expect(await host.close()).toEqual([]);
      await late;
    }
    expect(await engineContents(engine.docker)).toEqual(before);
    for (const { stateDir } of specs) rmSync(join(stateDir, '..'), { recursive: true, force: true });
  }, 180_000);
});
