import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCorpus, scanners } from './support/corpus/corpus-gates.ts';
import type { CorpusGates } from './support/corpus/corpus-gates.ts';
import { refusedForms } from './support/corpus/refused-forms.ts';
import { refusedPlaces } from './support/corpus/refused-places.ts';
import { refusedPolicy } from './support/corpus/refused-policy.ts';
import { refusedVendors } from './support/corpus/refused-vendors.ts';
import { gitleaks } from './support/gate.ts';
import { sshd } from './support/sshd.ts';

/** What the policy refuses, no scanner decides on: beside gitleaks, one of each kind is pushed. */
const firstOfItsCode = refusedPolicy.filter(
  ({ code }, index) => refusedPolicy.findIndex((other) => other.code === code) === index,
);
const onlyBuiltin = new Set(refusedPolicy.filter((each) => !firstOfItsCode.includes(each)));
const cases = [...refusedVendors, ...refusedPlaces, ...refusedForms, ...refusedPolicy];

describe.skipIf(sshd === null)('pushes that must be refused', () => {
  let corpus: CorpusGates;
  beforeAll(async () => {
    corpus = await startCorpus(cases);
  });
  afterAll(async () => await corpus.close());

  describe.each(scanners.filter((scanner) => scanner === 'builtin' || gitleaks !== null))('%s', (scanner) => {
    const numbered = cases
      .map((each, index) => [each.name, index, each] as const)
      .filter(([, , each]) => each.only === undefined || each.only.scanner === scanner)
      .filter(([, , each]) => scanner === 'builtin' || !onlyBuiltin.has(each));
    test.concurrent.each(numbered)('%s', { timeout: 120_000 }, async (_, index, each) => {
      const { code, told, recorded, before, after, mirror } = await corpus.push(index, scanner);
      if (each.told === undefined) expect(told).toContain(`remote: git-gate: ${each.code}`);
      else expect(told).toMatch(each.told);
      expect(code).not.toBe(0);
      expect(after).toEqual(before);
      expect(mirror).toEqual(before);
      expect(recorded).toContain(`"code":"${each.code}"`);
      if (each.secret === undefined) return;
      // git itself prints the names of refs, of which some are the secret here
      const remote = told.split('\n').filter((line) => line.startsWith('remote:'));
      expect(remote.join('\n')).not.toContain(each.secret);
      expect(recorded).not.toContain(each.secret);
    });
  });
});
