import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDockerBackend } from '@bot-bottle/backend-docker';
import { testEngine } from './support/engine.ts';
import { holdBottle } from './support/hold-bottle.ts';
import { bottleSpec, localBottle } from './support/local-bottle.ts';
import { OwnEngine } from './support/own-engine.ts';
import { waitUntil } from './support/wait-until.ts';

const engine = await testEngine();
const missing = engine === null ? 'there is no engine' : OwnEngine.missing();
if (missing !== null) process.stderr.write(`skipped: tests that stop an engine: ${missing}\n`);

describe.skipIf(missing !== null)('an engine that goes away', () => {
  let own: OwnEngine;
  beforeAll(async () => {
    if (engine !== null) own = await OwnEngine.start(engine);
  }, 120_000);
  afterAll(async () => {
    await own.remove();
  }, 60_000);
  const options = () => ({ host: own.host, env: {} });

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'by %s takes the bottle along, says so, and leaves nothing that cleanup does not find',
    async (signal) => {
      const local = await localBottle(own, {}, options());
      await expect(local.host.selfCheck(local.bottle)).resolves.toBeUndefined();
      const running = await local.bottle.spawn(['sleep', '1000']);
      await own.down(signal);
      await local.bottle.exited;
      expect([null, 137]).toContain((await running.exited).code);
      await expect(local.bottle.spawn(['true'])).rejects.toMatchObject({
        code: 'exec_failed',
        hint: expect.stringContaining('engine'),
      });
      const failures = await local.host.close();
      expect(failures.join()).toContain(local.identity);
      expect(await createDockerBackend(options()).probe()).toMatchObject({ available: false });

      await own.up();
      const filters = { label: [`bot-bottle.slug=${local.identity}`] };
      await waitUntil(async () => (await own.docker.listContainers({ filters })).length === 0);
      // The owner still lives, so that nobody but itself may take what is left.
      const backend = createDockerBackend({ ...options(), baseImage: own.baseImage });
      expect(await backend.leftovers(new Set())).toEqual([]);
      await own.docker.getContainer(`bot-bottle-${local.identity}`).remove({ force: true });
      await own.docker.getNetwork(`bot-bottle-${local.identity}-internal`).remove();
      await own.docker.getVolume(`bot-bottle-${local.identity}-home`).remove();

      const again = await localBottle(own, {}, options());
      expect((await again.run('echo', 'works')).stdout).toBe('works\n');
      await expect(again.host.selfCheck(again.bottle)).resolves.toBeUndefined();
      expect(await again.dispose()).toEqual([]);
      await local.dispose();
    },
    120_000,
  );

  test('and takes its launcher along, leaves nothing once it is back and cleaned up', async () => {
    const spec = bottleSpec();
    const child = await holdBottle(spec, own.baseImage, { DOCKER_HOST: own.host });
    await own.down('SIGKILL');
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    await own.up();
    const ofIt = { filters: { label: [`bot-bottle.slug=${spec.identity}`] } };
    await waitUntil(async () => (await own.docker.listContainers(ofIt)).length === 0);
    rmSync(join(spec.stateDir, '..'), { recursive: true });
    const found = await createDockerBackend(options()).leftovers(new Set());
    expect(found.map(({ kind }) => kind).toSorted()).toEqual(['container', 'network', 'volume']);
    for (const each of found) await each.remove();
    expect(await own.docker.listContainers({ ...ofIt, all: true })).toEqual([]);
    expect(await own.docker.listNetworks(ofIt)).toEqual([]);
    expect((await own.docker.listVolumes(ofIt)).Volumes ?? []).toEqual([]);
  }, 120_000);

  test('before a bottle opens is an error that says what to do', async () => {
    await own.down('SIGTERM');
    const spec = bottleSpec();
    await expect(createDockerBackend(options()).open(spec)).rejects.toMatchObject({
      code: 'backend_unavailable',
      hint: expect.stringMatching(/start it|install/),
    });
    rmSync(join(spec.stateDir, '..'), { recursive: true });
  });
});
