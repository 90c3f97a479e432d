/**
 * `npm run mutants [-- --write] [-- <part of a backend's or control's name>]`: takes controls out of a copy of the checkout, one at
 * a time, and demands that the test of the attack against each fails.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { apply } from './apply.ts';
import { mutants, type Mutant, type Replacement } from './mutants.ts';
import { publishedOutcome, replaceSection } from './section.ts';
import { runAttacks, type AttackRun } from './run-attack.ts';
import { scratchCopy } from './scratch-copy.ts';

const outcomeOf = { failed: 'fails', passed: 'passes', 'not run': 'not run' } as const;
const root = path.resolve(import.meta.dirname, '../../..');
const published = path.join(root, 'docs/escape.md');
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const chosen = mutants.filter(
  ({ control, subject }) =>
    words.length === 0 || words.some((word) => `${subject} ${control}`.includes(word)),
);
if (chosen.length === 0) throw new Error(`no control has ${words.join(' ')} in its name`);

const copy = scratchCopy(root);
const outcomes: Array<{ mutant: Mutant; run: AttackRun; seconds: number }> = [];
try {
  for (const subject of new Set(chosen.map((mutant) => mutant.subject))) {
    const attacks = chosen.filter((mutant) => mutant.subject === subject).map(({ attack }) => attack);
    for (const [id, run] of runAttacks(copy, subject, attacks)) {
      if (run.status !== 'passed')
        throw new Error(`${id} on ${subject}, nothing taken out: ${run.status} ${run.why}`);
    }
  }
  for (const mutant of chosen) {
    const start = Date.now();
    const { inFront = [], replacements } = mutant;
    const alone = inFront.length === 0 ? null : runWithout(mutant, inFront);
    if (alone !== null && alone.status !== 'passed')
      throw new Error(`${mutant.attack}, only what is in front taken out: ${alone.status} ${alone.why}`);
    const run = runWithout(mutant, [...inFront, ...replacements]);
    outcomes.push({ mutant, run, seconds: Math.round((Date.now() - start) / 1000) });
    const why = run.why.split('\n').slice(0, 3).join(' ').slice(0, 400);
    process.stdout.write(
      `${run.status === 'failed' ? 'noticed' : 'NOT NOTICED'}  ${mutant.control}\n    ${why}\n`,
    );
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}

const missed = outcomes.filter(({ run }) => run.status !== 'failed');
process.stdout.write(
  `${outcomes.length - missed.length} of ${outcomes.length} missing controls were noticed\n`,
);
if (process.argv.includes('--write')) {
  const text = readFileSync(published, 'utf8');
  const found = new Map(outcomes.map(({ mutant, run }) => [mutant.control, outcomeOf[run.status]]));
  const rows = mutants.map((mutant) => ({
    ...mutant,
    outcome: found.get(mutant.control) ?? publishedOutcome(text, mutant.control) ?? 'not run',
  }));
  writeFileSync(published, replaceSection(text, rows));
}
process.exitCode = missed.length === 0 ? 0 : 1;

/** The attack's own test on a build without some texts. */
function runWithout(mutant: Mutant, replacements: readonly Replacement[]): AttackRun {
  const undo = [apply(copy, replacements), ...mutant.builds.map(keepBuilt)];
  try {
    for (const folder of mutant.builds) build(folder);
    const run = runAttacks(copy, mutant.subject, [mutant.attack]).get(mutant.attack);
    if (run === undefined) throw new Error(`no result for ${mutant.attack}`);
    return run;
  } finally {
    for (const each of undo) each();
  }
}

function build(folder: string): void {
  execFileSync('tsup', { cwd: path.join(copy, folder), stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Sets what was built aside, and returns what puts it back: that is faster than bundling it again. */
function keepBuilt(folder: string): () => void {
  const dist = path.join(copy, folder, 'dist');
  cpSync(dist, `${dist}-kept`, { recursive: true });
  return () => {
    rmSync(dist, { recursive: true, force: true });
    renameSync(`${dist}-kept`, dist);
  };
}
