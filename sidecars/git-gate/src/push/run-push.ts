import { dirname, join, resolve } from 'node:path';
import { decidePush, renderDecision } from '@bot-bottle/git-gate';
import type { RefUpdate, RepositoryView } from '../contracts.ts';
import { GitGateServerError } from '../errors.ts';
import { holdPush } from '../held/hold-push.ts';
import type { Refusal } from '../http/answer.ts';
import { refusalOf } from '../refusal-of.ts';
import type { RepoService } from '../repo-service.ts';
import { acceptedRefs, forwardPush, refusedLines } from './forward-push.ts';
import type { JudgedPush } from './judged-push.ts';
import { parseCommands } from './parse-commands.ts';
import { deniedBy, pushEvent } from './push-events.ts';
import type { PushSubject } from './push-events.ts';
import { gatherFacts } from './push-facts.ts';
import type { GatheredFacts } from './push-facts.ts';
import type { PushRequest, PushSession } from './push-session.ts';

/**
 * Decides on a push while its receive-pack waits in the hook, and forwards it. It always ends in an answer: whatever
 * fails is a refusal with its reason.
 */
export async function runPush(
  service: RepoService,
  session: PushSession,
  received: PushRequest,
): Promise<void> {
  try {
    await decideAndForward(service, session, received);
  } catch (error) {
    const { code, lines } = refusalOf(error, 'upstream_unreachable');
    if (!GitGateServerError.isInstance(error) && !session.signal.aborted)
      service.log(0, {
        event: 'push_failed',
        repo: service.repo.name,
        name: error instanceof Error ? error.name : typeof error,
      });
    session.refuse(lines.map((line) => `${code}: ${line}`));
  }
}

async function decideAndForward(
  service: RepoService,
  session: PushSession,
  received: PushRequest,
): Promise<void> {
  const began = performance.now();
  const updates = parseCommands(received.commands);
  if (typeof updates === 'string') {
    await denyUnread(service, session, updates);
    return;
  }
  const view = quarantineView(service.mirror.gitDir, received.quarantine);
  const held = await service.mirror.withLock(session.signal, async (): Promise<JudgedPush | null> => {
    const times: Record<string, number> = { lock: performance.now() - began };
    const refs = await service.mirror.refs();
    const known = new Set(refs.keys());
    const subject = (more: Partial<PushSubject> = {}): PushSubject => ({
      repo: service.repo.name,
      updates,
      names: known,
      bytes: session.received.bytes,
      scan: null,
      times: { ...times },
      held: null,
      ...more,
    });
    const stale =
      staleRefs(refs, updates) ?? (await unknownShallow(service, session.signal, received.shallow));
    if (stale !== null) {
      await deny(service, session, subject(), stale);
      return null;
    }
    const judging = performance.now();
    let gathered: GatheredFacts;
    try {
      gathered = await gatherFacts(service, {
        updates,
        view,
        bytes: session.received.bytes,
        options: received.options,
        signal: AbortSignal.any([
          session.signal,
          AbortSignal.timeout(service.limits.transfer_seconds * 1000),
        ]),
        onProgress: (text) => session.say(text),
      });
    } catch (error) {
      times['judge'] = performance.now() - judging;
      await deny(service, session, subject(), refusalOf(error, 'scanner_unavailable'));
      return null;
    }
    times['judge'] = performance.now() - judging;
    if (gathered.scan !== null) times['scanner'] = gathered.scan.scannerMs;
    const isNamed = areNamesClean(updates, gathered);
    const decision = decidePush(service.repo.push, gathered.facts, { supervise: service.supervise });
    const judged = {
      ...gathered,
      view,
      updates,
      decision,
      subject: subject({
        scan: gathered.scan,
        ...(isNamed ? { names: new Set(updates.map(({ ref }) => ref)) } : {}),
      }),
      isNamed,
    };
    if (decision.outcome === 'needs-approval') return judged;
    if (decision.outcome === 'refused') {
      await service.audit(pushEvent(judged.subject, 'denied', deniedBy(decision, isNamed)));
      session.refuse(renderDecision(decision));
      return null;
    }
    await forward(service, session, judged);
    return null;
  });
  if (held !== null) await holdPush(service, session, held);
}

/** Whether refs and paths may be written to the audit log: they can be secrets themselves. */
function areNamesClean(updates: readonly RefUpdate[], { scan, facts }: GatheredFacts): boolean {
  // what is deleted has its name from the upstream
  if (scan === null) return updates.every(({ newOid }) => newOid === null);
  return !facts.findings.some(({ objectType }) => objectType === 'ref' || objectType === 'tree');
}

/** Inside the lock until receive-pack has moved the refs: whoever comes next sees what the upstream has. */
async function forward(service: RepoService, session: PushSession, push: JudgedPush): Promise<void> {
  const { mirror } = service;
  session.signal.throwIfAborted();
  session.isForwarding = true;
  const results = await forwardPush(service, {
    ...push,
    rule: null,
    say: (text) => session.say(text),
  });
  for (const line of refusedLines(results)) session.say(line);
  const accepted = acceptedRefs(results);
  await session.accept(accepted);
  const refs = await mirror.refs();
  const isEqual = push.updates.every(
    ({ ref, newOid }) => !accepted.has(ref) || (refs.get(ref) ?? null) === newOid,
  );
  if (!isEqual) mirror.invalidate();
}

/** git wrote the quarantine into the mirror's own objects; anywhere else it is not ours to read. */
export function quarantineView(gitDir: string, quarantine: string): RepositoryView {
  const objects = join(gitDir, 'objects');
  if (quarantine === '') return { gitDir, objects: null, alternates: [] };
  const folder = resolve(quarantine);
  if (dirname(folder) !== resolve(objects))
    throw new GitGateServerError('git_failed', 'the quarantine of the push is not where it should be');
  return { gitDir, objects: folder, alternates: [objects] };
}

/** Refs that are not what the client takes them for; null: none. */
function staleRefs(refs: ReadonlyMap<string, string>, updates: readonly RefUpdate[]): Refusal | null {
  const stale = updates.filter(({ ref, oldOid }) => (refs.get(ref) ?? null) !== oldOid);
  if (stale.length === 0) return null;
  return {
    code: 'stale_ref',
    lines: stale.map(({ ref }) => `${ref}: it moved at the upstream; fetch and push again`),
  };
}

/**
 * A client with a shallow clone names commits of the upstream. Anything else would be a new place where history ends:
 * git refuses that too, but only after the hook, when the push is upstream already.
 */
async function unknownShallow(
  { git, mirror }: RepoService,
  signal: AbortSignal,
  shallow: readonly string[],
): Promise<Refusal | null> {
  if (shallow.length === 0) return null;
  const { stdout } = await git.run({
    args: ['cat-file', '--batch-check=%(objecttype)'],
    view: { gitDir: mirror.gitDir, objects: null, alternates: [] },
    input: `${shallow.join('\n')}\n`,
    timeoutMs: 60_000,
    signal,
  });
  const known = stdout
    .toString('latin1')
    .split('\n')
    .filter((line) => line === 'commit');
  if (known.length === shallow.length) return null;
  return {
    code: 'malformed_request',
    lines: [
      'the clone is cut off at a commit that the upstream does not have: `git fetch --unshallow`, then push',
    ],
  };
}

async function deny(
  service: RepoService,
  session: PushSession,
  subject: PushSubject,
  { code, lines }: Refusal,
): Promise<void> {
  // which refs are stale is told to the client; here a name that nobody has scanned may not stand
  const why = { code, rule: 'gate', ...(code === 'stale_ref' ? {} : { reason: lines.join('; ') }) };
  await service.audit(pushEvent(subject, 'denied', why));
  session.refuse(lines.map((line) => `${code}: ${line}`));
}

async function denyUnread(service: RepoService, session: PushSession, why: string): Promise<void> {
  await service.audit({
    action: 'push',
    outcome: 'denied',
    code: 'malformed_request',
    target: service.repo.name,
    rule: 'gate',
    details: { reason: why, bytes: session.received.bytes },
  });
  session.refuse([`malformed_request: ${why}`]);
}
