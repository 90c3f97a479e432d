import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { backends, type Attack, type Backend } from './attack.ts';
import type { Verdict } from './judge.ts';

/** The published table. */
export const publishedFile = path.resolve(import.meta.dirname, '../../../docs/escape.md');

/** Where the part begins that `npm run mutants` writes. */
export const mutantsHeading = '## Proof by mutation';

/** Stands in the table where a backend was never attacked. */
export const notRun = 'not run';

/** Verdicts of one attack, by backend. */
export type Cells = Readonly<Partial<Record<Backend, string>>>;

/** How the table says what was found. */
export function cellOf(attack: Attack, backend: Backend, verdict: Verdict): string {
  if (attack.notApplicable?.[backend] !== undefined) return 'not applicable';
  if (verdict.state === 'open') return 'not contained';
  return attack.partly?.[backend] === undefined ? 'contained' : 'partly';
}

/** Rows of the published table, by the id of the attack. */
export function readPublished(): ReadonlyMap<string, Cells> {
  if (!existsSync(publishedFile)) return new Map();
  return new Map(
    readFileSync(publishedFile, 'utf8')
      .split('\n')
      .flatMap((line) => {
        const id = /^\| `([a-z]+\/[a-z0-9-]+)` \|/.exec(line)?.[1];
        if (id === undefined) return [];
        const cells = line.replace(/ \|$/, '').split(' | ').slice(-backends.length);
        return [[id, Object.fromEntries(backends.map((backend, at) => [backend, cells[at]]))] as const];
      }),
  );
}
