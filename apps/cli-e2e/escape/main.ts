/** `npm run escape [-- --write]`: runs the suite alone, and writes the published table. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { attackClasses } from './attacks/index.ts';
import { backends, type Backend } from './attack.ts';
import { mutantsHeading, notRun, publishedFile, readPublished, type Cells } from './published.ts';
import { readResults, resultsFolder, type Result } from './results.ts';
import { renderAttacks } from './table.ts';

const isWriting = process.argv.includes('--write');
const isMerging = process.argv.includes('--results-only');

if (!isMerging) {
  if (isWriting) rmSync(resultsFolder, { recursive: true, force: true });
  const { status } = spawnSync('vitest', ['run', 'escape'], {
    cwd: path.resolve(import.meta.dirname, '..'),
    stdio: 'inherit',
    env: { ...process.env, ...(isWriting ? { ESCAPE_WRITE: '1' } : {}) },
  });
  // When writing, what is not contained is a row of the table; controls that fail are still an end.
  if (status !== 0) process.exit(status ?? 1);
}
if (isWriting) {
  const rest = existsSync(publishedFile) ? readFileSync(publishedFile, 'utf8') : '';
  const at = rest.indexOf(mutantsHeading);
  writeFileSync(
    publishedFile,
    `${renderAttacks(merge(readResults())).trimEnd()}\n${at < 0 ? '' : `\n${rest.slice(at)}`}`,
  );
}

/** New verdicts over those that are published: a backend that was not run keeps its column. */
function merge(results: readonly Result[]): ReadonlyMap<string, Cells> {
  const before = readPublished();
  return new Map(
    attackClasses
      .flatMap(({ attacks }) => attacks)
      .map((attack) => [
        attack.id,
        Object.fromEntries(
          backends.map((backend) => [
            backend,
            attack.notApplicable?.[backend] !== undefined
              ? 'not applicable'
              : (worst(results, attack.id, backend) ?? before.get(attack.id)?.[backend] ?? notRun),
          ]),
        ),
      ]),
  );
}

/** The users of one backend may differ: the table says what holds for all. */
function worst(results: readonly Result[], attack: string, backend: Backend): string | undefined {
  const cells = results
    .filter((result) => result.attack === attack && result.backend === backend)
    .map(({ cell }) => cell);
  return ['not contained', 'partly', 'contained'].find((cell) => cells.includes(cell));
}
