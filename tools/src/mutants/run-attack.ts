import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      message: z.string().optional(),
      assertionResults: z.array(
        z.object({
          title: z.string(),
          fullName: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});

/** What the test of one attack came to. */
export interface AttackRun {
  readonly status: 'passed' | 'failed' | 'not run';
  /** what the test said when it failed */
  readonly why: string;
}

const LIMIT_MS = 15 * 60_000;

/** Runs the tests of some attacks on one subject in a copy of the checkout; by id of the attack. */
export function runAttacks(
  copy: string,
  subject: string,
  attacks: readonly string[],
): ReadonlyMap<string, AttackRun> {
  const dir = mkdtempSync(path.join(tmpdir(), 'bb-mutants-report-'));
  const report = path.join(dir, 'report.json');
  try {
    spawnSync(
      'vitest',
      ['run', 'escape/escape-', '-t', `attacks on ${subject} `, '--reporter=json', `--outputFile=${report}`],
      {
        cwd: path.join(copy, 'apps/cli-e2e'),
        env: { ...process.env, ESCAPE_ONLY: `^(?:${attacks.join('|')})$` },
        stdio: ['ignore', 'ignore', 'inherit'],
        timeout: LIMIT_MS,
      },
    );
    if (!existsSync(report))
      return new Map(attacks.map((id) => [id, { status: 'not run', why: 'no report' }]));
    const { testResults } = reportSchema.parse(JSON.parse(readFileSync(report, 'utf8')));
    const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
    return new Map(attacks.map((id) => [id, found(tests, subject, id)]));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

type Test = z.infer<typeof reportSchema>['testResults'][number]['assertionResults'][number];

function found(tests: readonly Test[], subject: string, id: string): AttackRun {
  const test = tests.find(
    ({ fullName, title }) => fullName.includes(`attacks on ${subject} `) && title.startsWith(`${id}: `),
  );
  if (test === undefined || (test.status !== 'passed' && test.status !== 'failed'))
    return { status: 'not run', why: 'the bottle did not start, or a witness is missing' };
  return { status: test.status, why: (test.failureMessages ?? []).join('\n') };
}
