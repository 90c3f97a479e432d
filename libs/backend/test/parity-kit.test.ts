import { describe, expect, it } from 'vitest';
import type { Backend } from '../src/index.ts';
import { parityCases, runCase, type BottleCase, type BottleContext } from '../src/parity/index.ts';
import { localBottle } from './local-bottle.ts';
import { tempDir } from './temp-dir.ts';

const backend: Backend = {
  name: 'smolmachines',
  capabilities: { rootExec: false, rebuild: false, gvisor: false, resourceLimits: [] },
  probe: async () => ({ available: true, detail: '' }),
  open: async () => await Promise.reject(new Error('not opened here')),
  leftovers: async () => [],
};

/** A bottle that isolates nothing: processes of this machine. */
async function open(): Promise<BottleContext> {
  const bottle = await localBottle(await tempDir());
  return { backend, bottle, withBottle: () => Promise.reject(new Error('no other')) };
}

const bottleCases = parityCases.filter((each): each is BottleCase => each.needs === 'bottle');
const find = (name: string): BottleCase => {
  const found = bottleCases.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no case "${name}"`);
  return found;
};

describe('the parity kit', () => {
  it('names every case once', () => {
    const names = parityCases.map(({ area, name }) => `${area}: ${name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it('passes what is alike, without isolation too', async () => {
    await expect(
      runCase(find('tells exit code and both outputs, and takes input'), await open()),
    ).resolves.toBe('yes');
    await expect(runCase(find('passes every byte both ways'), await open())).resolves.toBe('yes');
  });

  it.each([
    'reaches no service of the host, on any of its addresses',
    'hands nothing of the host environment in',
    'runs everything as uid 1000 in a home that is private and writable',
    'gives no capability, and lets none be gained',
    'shows no process but those of the bottle',
  ])('a backend that isolates nothing fails "%s", and the failure names it', async (name) => {
    const context = await open();
    const leaky = {
      ...context,
      bottle: {
        ...context.bottle,
        spawn: ((argv, options) =>
          context.bottle.spawn(argv, {
            ...options,
            env: { BOT_BOTTLE_PARITY_SECRET: 'x', ...options?.env },
          })) satisfies BottleContext['bottle']['spawn'],
      },
    };
    await expect(runCase(find(name), leaky)).rejects.toMatchObject({
      name: 'ParityFailure',
      backend: 'smolmachines',
      message: expect.stringMatching(/^smolmachines: /),
    });
  });

  it('a limit that is not claimed is not offered, and one that is claimed must hold', async () => {
    const context = await open();
    await expect(runCase(find('pids'), context)).resolves.toBe('not offered');
    const claimed = {
      ...backend,
      capabilities: { ...backend.capabilities, resourceLimits: ['pids'] as const },
    };
    const free = { ...context, backend: claimed };
    await expect(
      runCase(find('pids'), { ...free, withBottle: async (_spec, work) => await work(context.bottle) }),
    ).rejects.toMatchObject({ backend: 'smolmachines', message: expect.stringContaining('300') });
  });

  it('a case that hangs fails in time', async () => {
    const hanging = { name: 'hangs', run: () => new Promise<void>(() => undefined) };
    await expect(runCase(hanging, await open(), 20)).rejects.toThrow(/^smolmachines: hangs/);
  });
});
