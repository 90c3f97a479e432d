import { spawn } from 'node:child_process';
import { visibleLine } from '@bot-bottle/audit';
import { z } from 'zod';
import { GitGateServerError } from '../errors.ts';

/** Largest report of one run, in bytes. */
const MAX_REPORT = 64 * 1024 * 1024;
const MAX_STDERR = 64 * 1024;
/** Longest run, ten times what 32 MiB take: whoever waits for the repository waits for this too. */
const LIMIT_MS = 120_000;

const reportSchema = z.array(
  z.object({
    RuleID: z.string().regex(/^[\w.-]{1,128}$/),
    StartLine: z.int().nonnegative(),
    EndLine: z.int().nonnegative(),
    StartColumn: z.int(),
    EndColumn: z.int(),
    Secret: z.string(),
    File: z.string(),
  }),
);
export type GitleaksFinding = z.infer<typeof reportSchema>[number];

export interface GitleaksRun {
  readonly program: string;
  readonly config: string;
  /** the folder to scan, relative to `cwd`, so that gitleaks' allow-lists of paths see no name but ours */
  readonly folder: string;
  readonly cwd: string;
  readonly signal: AbortSignal;
}

/**
 * Runs `gitleaks dir` once with nothing in its environment. The process group is gone when this settles.
 *
 * @throws GitGateServerError `scanner_unavailable` when it cannot start, fails, is stopped by the signal, or says
 *   something else than a report
 */
export async function runGitleaks(run: GitleaksRun): Promise<GitleaksFinding[]> {
  const signal = AbortSignal.any([run.signal, AbortSignal.timeout(LIMIT_MS)]);
  const { code, stdout, stderr } = await collect({ ...run, signal });
  if (code !== 0) {
    throw unavailable(`gitleaks failed (${code === null ? 'killed' : `exit code ${code}`})`, stderr);
  }
  let report: unknown;
  try {
    report = JSON.parse(stdout);
  } catch {
    throw unavailable('gitleaks did not write a report', stderr);
  }
  const parsed = reportSchema.safeParse(report);
  if (!parsed.success) throw unavailable('gitleaks wrote a report of another form', stderr);
  return parsed.data;
}

function collect(run: GitleaksRun): Promise<{ code: number | null; stdout: string; stderr: string }> {
  run.signal.throwIfAborted();
  const child = spawn(run.program, argumentsOf(run), {
    cwd: run.cwd,
    env: {},
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out: Buffer[] = [];
  let outBytes = 0;
  let stderr = '';
  let problem: GitGateServerError | null = null;
  const kill = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // the group is gone already
    }
    // a grandchild that left the group must not keep us waiting
    child.stdout.destroy();
    child.stderr.destroy();
  };
  const onAbort = (): void => {
    problem ??= unavailable('gitleaks did not finish in time', '');
    kill();
  };
  return new Promise((resolve, reject) => {
    child.on('error', (error) => {
      problem ??= new GitGateServerError('scanner_unavailable', 'gitleaks cannot be started', {
        cause: error,
      });
      if (child.pid === undefined) settle(null);
    });
    child.stdout.on('data', (chunk: Buffer) => {
      outBytes += chunk.length;
      if (outBytes > MAX_REPORT) {
        problem ??= unavailable('the report of gitleaks is too long', '');
        kill();
      } else out.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = `${stderr}${chunk.toString('utf8')}`.slice(-MAX_STDERR);
    });
    child.on('close', settle);
    run.signal.addEventListener('abort', onAbort, { once: true });

    function settle(code: number | null): void {
      run.signal.removeEventListener('abort', onAbort);
      kill();
      if (problem === null) resolve({ code, stdout: Buffer.concat(out).toString('utf8'), stderr });
      else reject(problem);
    }
  });
}

function argumentsOf({ config, folder }: GitleaksRun): string[] {
  return [
    'dir',
    folder,
    `--config=${config}`,
    // what the content says about itself does not count, and no folder of ignore files exists
    '--ignore-gitleaks-allow',
    '--gitleaks-ignore-path=none',
    '--no-banner',
    '--no-color',
    '--log-level=error',
    '--exit-code=0',
    '--report-format=json',
    '--report-path=-',
    '--max-decode-depth=3',
    '--max-target-megabytes=0',
    '--max-archive-depth=0',
  ];
}

function unavailable(message: string, stderr: string): GitGateServerError {
  const problems = stderr
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-5)
    .map((line) => visibleLine(line, 300));
  return new GitGateServerError('scanner_unavailable', message, { problems });
}
