import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { mutatedFiles } from '../src/mutants/apply.ts';
import { mutants } from '../src/mutants/mutants.ts';
import { publishedOutcome, replaceSection } from '../src/mutants/section.ts';
import { readFileSync } from 'node:fs';

const root = path.resolve(import.meta.dirname, '../..');

describe('controls that npm run mutants takes out', () => {
  it.each(mutants)('$control: every text is there', (mutant) => {
    const files = mutatedFiles(root, [...(mutant.inFront ?? []), ...mutant.replacements]);
    for (const [file, text] of files) expect(text).not.toBe(readFileSync(path.join(root, file), 'utf8'));
  });

  it('a text that is gone is an error that names the file', () => {
    const [first] = mutants;
    if (first === undefined) throw new Error('no mutants');
    const replacements = first.replacements.map((each) => ({ ...each, find: 'not in this file' }));
    expect(() => mutatedFiles(root, replacements)).toThrow(/has 0 of "not in this file"/);
  });

  it('the published table has all of them, and none whose test passes without it', () => {
    const text = readFileSync(path.join(root, 'docs/escape.md'), 'utf8');
    const rows = mutants.map((mutant) => ({ ...mutant, outcome: publishedOutcome(text, mutant.control) }));
    expect(rows.filter(({ outcome }) => outcome === null || outcome === 'passes')).toEqual([]);
    const kept = rows.map((row) => ({ ...row, outcome: row.outcome ?? 'not run' }));
    expect(replaceSection(text, kept)).toBe(text);
  });
});
