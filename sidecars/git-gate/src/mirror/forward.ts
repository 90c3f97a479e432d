import { visibleLine } from '@bot-bottle/audit';
import type { ForwardRequest, ForwardResult, Git, GitResult, RefUpdate } from '../contracts.ts';
import { GitGateServerError } from '../errors.ts';
import type { UpstreamSsh } from '../ssh/upstream-ssh.ts';
import { parsePushReport, refusedWithOthers, toForwardResult } from './push-report.ts';

export interface ForwardOptions {
  readonly git: Git;
  readonly url: string;
  readonly connection: Pick<UpstreamSsh, 'variables'>;
  /** longest transfer, in ms */
  readonly transferMs: number;
}

/** The kernel refuses more than 2 MiB of arguments; two of them per ref. */
const MAX_ARGUMENT_BYTES = 1024 * 1024;
/** Lines of the upstream that are passed on. */
const MAX_UPSTREAM_LINES = 200;
/** Lines of git that an error repeats. */
const SHOWN_LINES = 10;

const noAtomic = 'does not support --atomic push';

/**
 * Pushes `updates` to the upstream. `atomic.supported` remembers a server without `--atomic`.
 *
 * @throws GitGateServerError `git_failed` when the outcome is not known, `limit_exceeded` for too many refs
 */
export async function forward(
  options: ForwardOptions,
  atomic: { supported: boolean },
  request: ForwardRequest,
): Promise<readonly ForwardResult[]> {
  let left = MAX_UPSTREAM_LINES;
  const onUpstreamLine = (line: string): void => {
    left -= 1;
    if (left >= 0) request.onUpstreamLine(line);
  };
  const bounded = { ...request, onUpstreamLine };
  if (request.updates.length === 0) return [];
  if (request.updates.length === 1 || atomic.supported) {
    const results = await push(options, bounded, request.updates);
    if (results !== null) return results;
    atomic.supported = false;
  }
  const results: ForwardResult[] = [];
  for (const update of request.updates) {
    const last = results.at(-1);
    if (last?.outcome === 'refused') {
      results.push(
        refusedWithOthers(update.ref, last.code === 'stale_ref' ? 'stale_ref' : 'upstream_rejected'),
      );
      continue;
    }
    results.push(...((await push(options, bounded, [update])) ?? []));
  }
  return results;
}

/** One run of git; null when the upstream cannot do `--atomic`: nothing was sent then. */
async function push(
  options: ForwardOptions,
  request: ForwardRequest,
  updates: readonly RefUpdate[],
): Promise<ForwardResult[] | null> {
  const args = pushArguments(options.url, updates);
  const result = await options.git.run({
    args,
    view: request.view,
    env: options.connection.variables(),
    timeoutMs: options.transferMs,
    signal: request.signal,
    onErrorLine: (line) => {
      const said = /^remote: ?(.*)$/.exec(line)?.[1]?.trimEnd();
      if (said !== undefined && said !== '') request.onUpstreamLine(visibleLine(said));
    },
  });
  if (updates.length > 1 && result.stderr.some((line) => line.includes(noAtomic))) return null;
  return readResults(result, updates);
}

function pushArguments(url: string, updates: readonly RefUpdate[]): string[] {
  const args = [
    'push',
    '--porcelain',
    '--no-progress',
    '--no-verify',
    '--no-recurse-submodules',
    '--no-signed',
    '--no-follow-tags',
    ...(updates.length > 1 ? ['--atomic'] : []),
    // A lease alone IS a force: git does not look at the history any more. Whoever calls has proved that the update is a
    // fast-forward of exactly this value, or that the policy allows a rewrite. Never `--force`, never `+`: without the
    // lease a ref that moved meanwhile would be overwritten.
    ...updates.map(({ ref, oldOid }) => `--force-with-lease=${ref}:${oldOid ?? ''}`),
    '--',
    url,
    ...updates.map(({ ref, newOid }) => `${newOid ?? ''}:${ref}`),
  ];
  if (args.reduce((sum, arg) => sum + arg.length + 1, 0) > MAX_ARGUMENT_BYTES) {
    throw new GitGateServerError(
      'limit_exceeded',
      `too many refs in one push (${updates.length}): push fewer`,
    );
  }
  return args;
}

function readResults(result: GitResult, updates: readonly RefUpdate[]): ForwardResult[] {
  const reports = new Map(parsePushReport(result.stdout.toString()).map((report) => [report.ref, report]));
  const results = updates.map(({ ref }) => {
    const report = reports.get(ref);
    return report === undefined ? null : toForwardResult(report);
  });
  const known = results.filter((entry) => entry !== null);
  const refused = known.filter((entry) => entry.outcome === 'refused');
  if (known.length < updates.length || (result.code !== 0 && refused.length === 0))
    throw unknownOutcome(result);
  if (updates.length === 1 || refused.length === 0) return known;
  return explainAtomic(known, refused);
}

/** With `--atomic` the first refusal refuses all; git says of the others only "atomic push failed". */
function explainAtomic(
  results: readonly ForwardResult[],
  refused: ReadonlyArray<ForwardResult & { outcome: 'refused' }>,
): ForwardResult[] {
  const code = refused.some((entry) => entry.code === 'stale_ref') ? 'stale_ref' : 'upstream_rejected';
  return results.map((entry) =>
    entry.outcome === 'refused' && /atomic (?:push|transaction) fail/.test(entry.why)
      ? refusedWithOthers(entry.ref, code)
      : entry,
  );
}

function unknownOutcome(result: GitResult): GitGateServerError {
  const lines = result.stderr.filter((line) => !line.startsWith('remote: ')).map((line) => visibleLine(line));
  const problems = lines.length > 0 ? lines : [`git push ended with code ${result.code ?? 'none (signal)'}`];
  return new GitGateServerError(
    'git_failed',
    `the upstream did not say what became of the push: ${problems.slice(-SHOWN_LINES).join('; ')}`,
    { problems },
  );
}
