import { decidePush, pathMatcher } from '@bot-bottle/git-gate';
import type { PushedRef, PushFacts } from '@bot-bottle/git-gate';
import type { RefUpdate, RepositoryView, ScanReport } from '../contracts.ts';
import type { RepoService } from '../repo-service.ts';

export interface FactsRequest {
  readonly updates: readonly RefUpdate[];
  readonly view: RepositoryView;
  /** bytes received */
  readonly bytes: number;
  /** number of push options */
  readonly options: number;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

export interface GatheredFacts {
  readonly facts: PushFacts;
  /** null: nothing was scanned, because the policy refuses the refs themselves or nothing comes in */
  readonly scan: ScanReport | null;
}

const LOCAL_MS = 60_000;
/** Names of push options that a refusal lists. */
const MAX_OPTIONS = 10;

/**
 * Finds out everything that the policy looks at. It scans even what the policy refuses for another reason, so that
 * the client hears everything at once.
 */
export async function gatherFacts(service: RepoService, request: FactsRequest): Promise<GatheredFacts> {
  const { repo, mirror, supervise } = service;
  const cheap: PushFacts = {
    refs: await provedRefs(service, request),
    defaultBranch: mirror.defaultBranch(),
    symbolicRefs: mirror.symbolicRefs(),
    bytes: request.bytes,
    pushOptions: Array.from(
      { length: Math.min(request.options, MAX_OPTIONS) },
      (_, index) => `option ${index + 1}`,
    ),
    touched: [],
    findings: [],
    hiddenObjects: 0,
  };
  const tips = request.updates.flatMap(({ ref, newOid }) => (newOid === null ? [] : [{ ref, oid: newOid }]));
  const areRefsIllegal = decidePush(repo.push, cheap, { supervise }).records.some(
    ({ check, result }) => check === 'refs' && result === 'refused',
  );
  if (tips.length === 0 || areRefsIllegal) return { facts: cheap, scan: null };
  const { view, updates, onProgress } = request;
  const { defaultBranch } = cheap;
  const isProtected = pathMatcher(repo.push.protected_paths);
  const [scan, touched] = await sideBySide(request.signal, (signal) => [
    service.scanner()({ view, tips, signal, onProgress }),
    service.touchedPaths({ view, updates, defaultBranch, signal }, isProtected),
  ]);
  const { findings, hiddenObjects } = scan;
  return { facts: { ...cheap, touched, findings, hiddenObjects }, scan };
}

/** Both results, or the first failure; either way nothing runs any more afterwards. */
async function sideBySide<A, B>(
  signal: AbortSignal,
  start: (signal: AbortSignal) => readonly [Promise<A>, Promise<B>],
): Promise<readonly [A, B]> {
  const failed = new AbortController();
  const work = start(AbortSignal.any([signal, failed.signal]));
  try {
    return await Promise.all(work);
  } catch (error) {
    failed.abort();
    await Promise.allSettled(work);
    throw error;
  }
}

async function provedRefs(service: RepoService, request: FactsRequest): Promise<PushedRef[]> {
  const refs: PushedRef[] = [];
  for (const update of request.updates)
    refs.push({ ...update, fastForward: await isFastForward(service, request, update) });
  return refs;
}

/** Anything that is not certain (not commits, broken history) is none. */
async function isFastForward(
  { git }: RepoService,
  { view, signal }: FactsRequest,
  { oldOid, newOid }: RefUpdate,
): Promise<boolean> {
  if (newOid === null) return false;
  if (oldOid === null) return true;
  const args = ['merge-base', '--is-ancestor', oldOid, newOid];
  return (await git.run({ args, view, timeoutMs: LOCAL_MS, signal })).code === 0;
}
