import type { Availability, Backend } from '@bot-bottle/backend';
import { expect, it, vi } from 'vitest';
import { chooseBackend } from '../src/launch/choose-backend.ts';
import { tryEarly } from '../src/launch/try-early.ts';

function backend(name: Backend['name'], found: Availability): () => Backend {
  return () => ({
    name,
    capabilities: { rootExec: false, rebuild: false, gvisor: false, resourceLimits: [] },
    probe: async () => found,
    open: () => Promise.reject(new Error('not opened in this test')),
    leftovers: async () => [],
  });
}

const works: Availability = { available: true, detail: '' };
const broken: Availability = { available: false, reason: 'it is off', remedy: 'switch it on' };
const none = { option: null, variable: undefined, setting: null } as const;

it('takes the option before the variable before the settings before the first that works', async () => {
  const factories = { docker: backend('docker', works), bubblewrap: backend('bubblewrap', works) };
  const all = { option: 'bubblewrap', variable: 'docker', setting: 'docker' } as const;
  expect((await chooseBackend(all, factories)).reason).toBe('--backend');
  expect(await chooseBackend({ ...all, option: null }, factories)).toMatchObject({
    backend: { name: 'docker' },
    reason: 'BOT_BOTTLE_BACKEND',
  });
  const settings = await chooseBackend({ ...none, setting: 'bubblewrap' }, factories);
  expect(settings).toMatchObject({ backend: { name: 'bubblewrap' }, reason: 'settings.yml' });
  expect((await chooseBackend(none, factories)).backend.name).toBe('docker');
});

it('goes on to the next that works when none is asked for', async () => {
  const factories = { docker: backend('docker', broken), bubblewrap: backend('bubblewrap', works) };
  expect((await chooseBackend(none, factories)).backend.name).toBe('bubblewrap');
});

it('never falls back from one that was asked for', async () => {
  const factories = { docker: backend('docker', broken), bubblewrap: backend('bubblewrap', works) };
  await expect(chooseBackend({ ...none, option: 'docker' }, factories)).rejects.toMatchObject({
    code: 'backend_unavailable',
    hint: 'switch it on',
    exitCode: 1,
  });
});

it('says why when none works', async () => {
  await expect(chooseBackend(none, { bubblewrap: backend('bubblewrap', broken) })).rejects.toThrow(
    /it is off/,
  );
});

it('refuses a backend that is not in this build', async () => {
  const wish = { ...none, option: 'smolmachines' } as const;
  await expect(chooseBackend(wish, {})).rejects.toMatchObject({ code: 'not_available' });
});

it('tries the likely backend once and before one is chosen, and tells what it found only then', async () => {
  let trials = 0;
  const counted = (found: Availability) => (): Backend => ({
    ...backend('bubblewrap', found)(),
    probe: async () => {
      trials += 1;
      return found;
    },
  });
  const broke = tryEarly(none, { bubblewrap: counted(broken) });
  await vi.waitFor(() => expect(trials).toBe(1));
  await expect(chooseBackend({ ...none, setting: 'bubblewrap' }, broke)).rejects.toMatchObject({
    code: 'backend_unavailable',
    hint: 'switch it on',
  });
  const fine = tryEarly({ option: 'bubblewrap', variable: undefined }, { bubblewrap: counted(works) });
  expect(await chooseBackend({ ...none, option: 'bubblewrap' }, fine)).toMatchObject({
    backend: { name: 'bubblewrap' },
    reason: '--backend',
  });
  expect(trials).toBe(2);
});

it('leaves a wish that cannot be met to whoever chooses', async () => {
  const factories = { bubblewrap: () => Promise.reject(new Error('cannot be loaded')) };
  expect(tryEarly({ option: null, variable: 'nothing' }, factories)).toBe(factories);
  const early = tryEarly({ option: 'bubblewrap', variable: undefined }, factories);
  await new Promise((resolve) => setImmediate(resolve));
  await expect(chooseBackend({ ...none, option: 'bubblewrap' }, early)).rejects.toThrow('cannot be loaded');
});
