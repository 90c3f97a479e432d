import { visibleLine } from '@bot-bottle/audit';
import { upstreamLabel } from '@bot-bottle/git-gate';
import type { CheckRecord, PushDecision } from '@bot-bottle/git-gate';
import type { PushRequest } from '@bot-bottle/supervise';
import { GitGateServerError } from '../errors.ts';
import type { FindingPlace, LocatedFinding } from '../contracts.ts';
import type { JudgedPush } from '../push/judged-push.ts';
import type { RepoService } from '../repo-service.ts';
import { ShownText, withheld } from './shown-text.ts';

/** Most of each that a proposal can hold; what does not fit cannot be shown to a human, so it is refused. */
const MAX_REFS = 256;
const MAX_REASONS = 64;
const MAX_FINDINGS = 200;
const MAX_PATHS = 200;
const MAX_COMMITS = 50;
/** Commits that are counted; each takes some 100 bytes of memory meanwhile. */
const MAX_COUNTED = 500_000;
/** Bytes of such a list, with names of 64 letters. */
const MAX_LISTED = 65 * (MAX_COUNTED + 1);
const LOCAL_MS = 60_000;

/** Most characters of a name; the rest of what the proposal's schema allows is room to spare. */
const MAX_REF = 1000;
const MAX_PATH = 4000;
const MAX_REASON = 1000;
const MAX_LINE = 500;

/** Why a human is asked, one line each. */
export function approvalReasons(decision: PushDecision): string[] {
  return rawReasons(decision).map((reason) => visibleLine(reason));
}

function rawReasons({ records }: PushDecision): string[] {
  return records.flatMap((record: CheckRecord) =>
    record.result === 'needs-approval' ? [`${record.check}: ${record.subject}: ${record.why}`] : [],
  );
}

/**
 * What is put before a human: names whole, nothing in which a secret is found.
 *
 * @throws GitGateServerError `limit_exceeded` when a proposal could not show everything that it is about
 */
export async function proposalOf(
  service: RepoService,
  held: string,
  push: JudgedPush,
  signal: AbortSignal,
): Promise<PushRequest> {
  const { facts, updates, decision, scan } = push;
  // without a scan nothing comes in: all names are the upstream's
  const shown = new ShownText(scan?.holdsSecret ?? (() => false));
  const reasons = rawReasons(decision);
  const marked = markedFindings(push);
  const touched = [...new Set(facts.touched.map(({ path }) => path))];
  const tooMany = [
    [updates.length, MAX_REFS, 'refs'],
    [reasons.length, MAX_REASONS, 'reasons to ask'],
    [touched.length, MAX_PATHS, 'protected paths'],
  ] as const;
  for (const [count, limit, what] of tooMany) {
    if (count > limit)
      throw new GitGateServerError(
        'limit_exceeded',
        `a human cannot be asked about ${count} ${what} at once (at most ${limit}): push fewer commits at a time`,
      );
  }
  const { commits, count } = await pushedCommits(service, push, shown, signal);
  const shape = {
    held,
    repo: service.repo.name,
    upstream: upstreamLabel(service.repo).slice(0, 2048),
    refs: facts.refs.map(({ ref, oldOid, newOid, fastForward }) => ({
      ref: shown.name(ref, MAX_REF),
      old_oid: oldOid,
      new_oid: newOid,
      fast_forward: fastForward,
      default_branch: ref === facts.defaultBranch,
    })),
    reasons: reasons.map((reason) => shown.line(reason, MAX_REASON)),
    commits,
    commit_count: count,
    paths: touched.map((path) => shown.name(path, MAX_PATH)),
  };
  if (marked.length === 0) return { kind: 'push-approval', ...shape };
  return {
    kind: 'gitleaks-allow',
    ...shape,
    findings: marked.map((finding) => shownFinding(finding, shown)),
  };
}

type PlacedFinding = Omit<LocatedFinding, 'places'> & { readonly place: FindingPlace };
type ShownFinding = Extract<PushRequest, { kind: 'gitleaks-allow' }>['findings'][number];

/** Every marked finding in every place that it has. */
function markedFindings({ scan }: JudgedPush): PlacedFinding[] {
  const marked = scan?.findings.filter((finding) => finding.marked) ?? [];
  const count = marked.reduce((sum, { places }) => sum + places.length, 0);
  if (count > MAX_FINDINGS || marked.some(({ places }) => places.length === 0))
    throw new GitGateServerError(
      'limit_exceeded',
      `a human cannot be asked: marked findings are in more than ${MAX_FINDINGS} places; push fewer commits at a time`,
    );
  return marked.flatMap((finding) => finding.places.map((place) => ({ ...finding, place })));
}

function shownFinding(
  { place, objectType, line, rule, masked }: PlacedFinding,
  shown: ShownText,
): ShownFinding {
  return {
    ref: shown.name(place.ref, MAX_REF),
    file: place.path === null ? null : shown.name(place.path, MAX_PATH),
    line,
    rule: `${rule}${objectType === 'blob' ? '' : ` (${objectType})`}`.slice(0, 256),
    commit: place.commit,
    masked: shown.line(masked, MAX_LINE),
  };
}

/**
 * The commits that each ref would get: those that it does not have, a new one those that the default branch does not
 * have; whether the upstream has them on another ref or not.
 */
async function pushedCommits(
  { git, mirror }: RepoService,
  { view, updates, facts }: JudgedPush,
  shown: ShownText,
  signal: AbortSignal,
): Promise<{ commits: Array<{ oid: string; summary: string }>; count: number }> {
  const revList = async (input: readonly string[], args: readonly string[]): Promise<string[]> => {
    const result = await git.run({
      args: ['rev-list', '--stdin', ...args],
      view,
      input: input.map((line) => `${line}\n`).join(''),
      timeoutMs: LOCAL_MS,
      maxOutput: MAX_LISTED,
      signal,
    });
    if (result.code !== 0)
      throw new GitGateServerError('git_failed', 'the commits of the push cannot be listed');
    const lines = result.stdout.toString().split('\n');
    return lines.filter((line) => line !== '');
  };
  const base = (await mirror.refs()).get(facts.defaultBranch ?? '') ?? null;
  const oids = new Set<string>();
  for (const { oldOid, newOid } of updates) {
    if (newOid === null) continue;
    const has = oldOid ?? base;
    const range = has === null ? [newOid] : [newOid, `^${has}`];
    const args = [`--max-count=${MAX_COUNTED + 1}`, ...(has === null ? ['--not', '--all'] : [])];
    for (const oid of await revList(range, args)) oids.add(oid);
    if (oids.size > MAX_COUNTED)
      throw new GitGateServerError(
        'limit_exceeded',
        `a human cannot be asked about more than ${MAX_COUNTED} commits at once: push fewer commits at a time`,
      );
  }
  const first = [...oids].slice(0, MAX_COMMITS);
  const format = ['--no-walk=unsorted', '--no-commit-header', '--format=tformat:%H %s'];
  const listed = first.length === 0 ? [] : await revList(first, format);
  // git shows the first lines as one, so a value of several lines could not be recognised
  const withSecret = new Set(facts.findings.map((finding) => finding.oid));
  const commits = listed.flatMap((line) => {
    const [, oid, summary = ''] = /^([0-9a-f]{40,64}) ?(.*)$/.exec(line) ?? [];
    if (oid === undefined) return [];
    return [{ oid, summary: withSecret.has(oid) ? withheld : shown.line(summary, MAX_LINE) }];
  });
  return { commits, count: oids.size };
}
