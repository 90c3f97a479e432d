import { visibleLine } from '@bot-bottle/audit';
import { upstreamLabel } from '@bot-bottle/git-gate';
import type { CheckRecord, PushDecision } from '@bot-bottle/git-gate';
import type { ProposalRequest } from '@bot-bottle/supervise';
import { GitGateServerError } from '../errors.ts';
import type { JudgedPush } from '../push/judged-push.ts';
import type { RepoService } from '../repo-service.ts';

/** Most of each that a proposal can hold; what does not fit cannot be shown to a human, so it is refused. */
const MAX_REFS = 256;
const MAX_REASONS = 64;
const MAX_FINDINGS = 200;
const MAX_PATHS = 200;
const MAX_COMMITS = 50;
const LOCAL_MS = 60_000;

/** Why a human is asked, one line each. */
export function approvalReasons({ records }: PushDecision): string[] {
  return records.flatMap((record: CheckRecord) =>
    record.result === 'needs-approval'
      ? [visibleLine(`${record.check}: ${record.subject}: ${record.why}`)]
      : [],
  );
}

/**
 * What is put before a human.
 *
 * @throws GitGateServerError `limit_exceeded` when a proposal could not show everything that it is about
 */
export async function proposalOf(
  service: RepoService,
  held: string,
  push: JudgedPush,
  signal: AbortSignal,
): Promise<ProposalRequest> {
  const { facts, updates, decision } = push;
  const reasons = approvalReasons(decision);
  const marked = facts.findings.filter((finding) => finding.marked);
  const touched = [...new Set(facts.touched.map(({ path }) => visibleLine(path, 4000)))];
  const tooMany = [
    [updates.length, MAX_REFS, 'refs'],
    [reasons.length, MAX_REASONS, 'reasons to ask'],
    [marked.length, MAX_FINDINGS, 'marked findings'],
    [touched.length, MAX_PATHS, 'protected paths'],
  ] as const;
  for (const [count, limit, what] of tooMany) {
    if (count > limit)
      throw new GitGateServerError(
        'limit_exceeded',
        `a human cannot be asked about ${count} ${what} at once (at most ${limit}): push fewer commits at a time`,
      );
  }
  const { commits, count } = await pushedCommits(service, push, signal);
  const shape = {
    held,
    repo: service.repo.name,
    upstream: upstreamLabel(service.repo).slice(0, 2048),
    refs: facts.refs.map(({ ref, oldOid, newOid, fastForward }) => ({
      ref: visibleLine(ref, 1000),
      old_oid: oldOid,
      new_oid: newOid,
      fast_forward: fastForward,
      default_branch: ref === facts.defaultBranch,
    })),
    reasons,
    commits,
    commit_count: count,
    paths: touched,
  };
  if (marked.length === 0) return { kind: 'push-approval', ...shape };
  const [first = ''] = updates.map(({ ref }) => ref);
  return {
    kind: 'gitleaks-allow',
    ...shape,
    findings: marked.map(({ objectType, path, line, rule, commit, masked }) => ({
      ref: visibleLine(first, 1000),
      file: path === null ? null : visibleLine(path, 4000),
      line,
      rule: `${rule}${objectType === 'blob' ? '' : ` (${objectType})`}`.slice(0, 256),
      commit,
      masked: visibleLine(masked, 500),
    })),
  };
}

async function pushedCommits(
  { git }: RepoService,
  { view, updates }: JudgedPush,
  signal: AbortSignal,
): Promise<{ commits: Array<{ oid: string; summary: string }>; count: number }> {
  const tips = updates.flatMap(({ newOid }) => (newOid === null ? [] : [newOid]));
  if (tips.length === 0) return { commits: [], count: 0 };
  const run = async (...args: readonly string[]): Promise<string> => {
    const result = await git.run({
      args: ['rev-list', '--stdin', ...args, '--not', '--all'],
      view,
      input: `${tips.join('\n')}\n`,
      timeoutMs: LOCAL_MS,
      signal,
    });
    if (result.code !== 0)
      throw new GitGateServerError('git_failed', 'the commits of the push cannot be listed');
    return result.stdout.toString();
  };
  const count = Number(await run('--count'));
  const listed = await run(`--max-count=${MAX_COMMITS}`, '--no-commit-header', '--format=tformat:%H %s');
  const commits = listed.split('\n').flatMap((line) => {
    const [, oid, summary = ''] = /^([0-9a-f]{40,64}) ?(.*)$/.exec(line) ?? [];
    return oid === undefined ? [] : [{ oid, summary: visibleLine(summary, 500) }];
  });
  return { commits, count };
}
