import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  openForParity,
  parityCases,
  parityLauncher,
  runCase,
  type BottleContext,
  type ParityLauncher,
} from '@bot-bottle/backend/parity';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { paritySubjects } from './support/parity-subjects.ts';
import { parityDifferences, renderParity, type ParityCell } from './support/parity-table.ts';
import { sidecarFiles } from './support/sidecar-files.ts';

const file = path.resolve(import.meta.dirname, '../../../docs/backends.md');
const isWriting = process.env['BOT_BOTTLE_PARITY'] === 'write';
const subjects = paritySubjects();
const gvisor = 'runs agents under gVisor, where the engine has runsc';
const cells: ParityCell[] = [];

for (const { backend, isHere, traces, dispose } of subjects) {
  describe.skipIf(!isHere)(`parity of ${backend.name}`, () => {
    let bottles: Awaited<ReturnType<typeof openForParity>>;
    let context: BottleContext;
    let launcher: ParityLauncher;
    beforeAll(async () => {
      expect(await backend.probe()).toMatchObject({ available: true });
      bottles = await openForParity({ backend });
      ({ context } = bottles);
      launcher = await parityLauncher({ backend }, sidecarFiles());
    }, 300_000);
    afterAll(async () => {
      await launcher.close();
      expect(await bottles.close()).toEqual([]);
      dispose();
    });

    it.each(parityCases.map((one) => [one.area, one.name, one] as const))(
      '%s: %s',
      async (area, row, one) => {
        const outcome =
          one.needs === 'bottle'
            ? await runCase(one, context)
            : await runCase(one, { backend, launcher, traces });
        cells.push({ area, row, backend: backend.name, seen: outcome === 'yes' ? 'yes' : 'no' });
      },
      130_000,
    );

    it('claims what the table says', () => {
      const { rootExec, gvisor: hasGvisor } = backend.capabilities;
      const claimed = { 'runs single commands as root': rootExec, [gvisor]: hasGvisor };
      for (const [row, holds] of Object.entries(claimed))
        cells.push({ area: 'Capabilities', row, backend: backend.name, seen: holds ? 'yes' : 'no' });
    });
  });
}

it('the published table is what was seen', () => {
  const ran = subjects.filter(({ isHere }) => isHere).map(({ backend }) => backend.name);
  const seen = { backends: subjects.map(({ backend }) => backend.name), cells };
  if (isWriting) {
    // Nothing is published of a run in which a case failed or was left out.
    const wanted = ran.flatMap((name) => parityCases.map(({ area, name: row }) => `${name} ${area} ${row}`));
    const has = new Set(cells.map(({ backend, area, row }) => `${backend} ${area} ${row}`));
    expect(wanted.filter((each) => !has.has(each))).toEqual([]);
    writeFileSync(file, renderParity(seen));
  }
  const different = parityDifferences(readFileSync(file, 'utf8'), seen, ran, new Set([gvisor]));
  expect(different, 'write it anew with: npm run parity').toEqual([]);
});
