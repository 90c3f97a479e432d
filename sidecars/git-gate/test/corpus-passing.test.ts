import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCorpus, scanners } from './support/corpus/corpus-gates.ts';
import type { CorpusGates } from './support/corpus/corpus-gates.ts';
import { passingFiles } from './support/corpus/passing-files.ts';
import { passingHistory } from './support/corpus/passing-history.ts';
import { passingNoisy } from './support/corpus/passing-noisy.ts';
import { passingSecrets } from './support/corpus/passing-secrets.ts';
import { gitleaks } from './support/gate.ts';
import { sshd } from './support/sshd.ts';

const cases = [...passingFiles, ...passingNoisy, ...passingSecrets, ...passingHistory];

describe.skipIf(sshd === null)('pushes that must pass', () => {
  let corpus: CorpusGates;
  beforeAll(async () => {
    corpus = await startCorpus(cases);
  });
  afterAll(async () => await corpus.close());

  describe.each(scanners.filter((scanner) => scanner === 'builtin' || gitleaks !== null))('%s', (scanner) => {
    const numbered = cases
      .map((each, index) => [each.name, index, each] as const)
      .filter(([, , each]) => each.only === undefined || each.only.scanner === scanner);
    test.concurrent.each(numbered)('%s', { timeout: 120_000 }, async (_, index, each) => {
      const { code, told, before, after, mirror } = await corpus.push(index, scanner);
      expect(told).not.toContain('rejected');
      expect(code, told).toBe(0);
      if (each.unchanged === true) expect(after).toEqual(before);
      else expect(after).not.toEqual(before);
      expect(mirror).toEqual(after);
    });
  });
});
