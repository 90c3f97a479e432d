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
import { parityBackends, paritySubject, type ParityBackend } from './parity-subjects.ts';
import { mergeParity, parityDifferences, renderParity, type ParityCell } from './parity-table.ts';
import { sidecarFiles } from './sidecar-files.ts';

const file = path.resolve(import.meta.dirname, '../../../../docs/backends.md');
const isWriting = process.env['BOT_BOTTLE_PARITY'] === 'write';
const gvisor = 'runs agents under gVisor, where the engine has runsc';

/**
 * Tests of what every backend must do alike, on one of them, and of its column of the published table. A test file has
 * one backend, so that two run at once.
 */
export function parityOf(name: ParityBackend): void {
  const { backend, isHere, traces, dispose } = paritySubject(name);
  const cells: ParityCell[] = [];

  describe.skipIf(!isHere)(`parity of ${name}`, () => {
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
        cells.push({ area, row, backend: name, seen: outcome === 'yes' ? 'yes' : 'no' });
      },
      130_000,
    );

    it('claims what the table says', () => {
      const { rootExec, gvisor: hasGvisor } = backend.capabilities;
      const claimed = { 'runs single commands as root': rootExec, [gvisor]: hasGvisor };
      for (const [row, holds] of Object.entries(claimed))
        cells.push({ area: 'Capabilities', row, backend: name, seen: holds ? 'yes' : 'no' });
    });

    it('the published table is what was seen', () => {
      const published = readFileSync(file, 'utf8');
      const seen = mergeParity(published, parityBackends, name, cells);
      if (isWriting) {
        // Nothing is published of a run in which a case failed or was left out.
        const has = new Set(cells.map(({ area, row }) => `${area} ${row}`));
        expect(parityCases.filter(({ area, name: row }) => !has.has(`${area} ${row}`))).toEqual([]);
        writeFileSync(file, renderParity(seen));
      }
      const different = parityDifferences(readFileSync(file, 'utf8'), seen, [name], new Set([gvisor]));
      expect(different, 'write it anew with: npm run parity').toEqual([]);
    });
  });
}
