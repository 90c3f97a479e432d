import { visibleLine } from '@bot-bottle/audit';
import { decidePush, renderDecision } from '@bot-bottle/git-gate';
import type { PushFacts } from '@bot-bottle/git-gate';
import { ProtocolRefusal } from '@bot-bottle/sidecar-protocol';
import type { Decision } from '@bot-bottle/supervise';
import type { RefUpdate } from '../contracts.ts';
import { acceptedRefs, forwardPush, refusedLines } from '../push/forward-push.ts';
import { pushEvent } from '../push/push-events.ts';
import type { PushSession } from '../push/push-session.ts';
import type { RepoService } from '../repo-service.ts';
import { refusalOf } from '../refusal-of.ts';
import type { HeldPush } from './held-push.ts';
import { approvalReasons } from './proposal-of.ts';
import { rewindRefs } from './rewind-refs.ts';

/**
 * Applies a human's decision. Resolves when the push was forwarded, or dropped; afterwards it is held no more.
 *
 * @throws ProtocolRefusal with the reason when it could not be forwarded: it stays held, and can be decided again
 */
export async function decideHeld(held: HeldPush, decision: Decision): Promise<void> {
  if (held.deciding !== null) throw new ProtocolRefusal('this push is being decided already');
  const applying = decision.outcome === 'approved' ? approve(held) : reject(held, decision);
  held.deciding = applying;
  try {
    await applying;
  } catch (error) {
    if (ProtocolRefusal.isInstance(error)) throw error;
    const { code, lines } = refusalOf(error, 'upstream_unreachable');
    throw new ProtocolRefusal(`${code}: ${lines[0] ?? ''}`, lines.slice(1));
  } finally {
    held.deciding = null;
  }
}

async function reject(held: HeldPush, { outcome, reason }: Decision): Promise<void> {
  const { service } = held;
  const why = { code: 'approval_rejected', rule: 'approval', reason: visibleLine(reason) } as const;
  await service.audit(pushEvent({ ...held.push.subject, held: held.id }, 'denied', why));
  const text = outcome === 'rejected' ? 'a human rejected this push' : 'nobody decided on this push';
  for (const waiter of held.waiters)
    waiter.refuse([`approval_rejected: ${text}${reason === '' ? '' : `: ${reason}`}`]);
  await service.held.remove(held);
}

async function approve(held: HeldPush): Promise<void> {
  const { service, push } = held;
  const { mirror } = service;
  const say = (text: string): void => {
    for (const waiter of held.waiters) waiter.say(text);
  };
  say('a human approved this push');
  const limit = AbortSignal.any([
    service.stopping,
    AbortSignal.timeout(service.limits.transfer_seconds * 1000),
  ]);
  await mirror.withLock(limit, async (locked) => {
    await locked.refresh(limit);
    const refs = await mirror.refs();
    // an earlier approval may have got there without our hearing of it
    const open = push.updates.filter(({ ref, newOid }) => (refs.get(ref) ?? null) !== newOid);
    const stale = open.filter(({ ref, oldOid }) => (refs.get(ref) ?? null) !== oldOid);
    if (stale.length > 0)
      throw new ProtocolRefusal(
        'stale_ref: the upstream moved since this was pushed: reject it, and let it be pushed again',
        stale.map(({ ref }) => visibleLine(ref)),
      );
    checkAgain(held, {
      ...push.facts,
      defaultBranch: mirror.defaultBranch(),
      symbolicRefs: mirror.symbolicRefs(),
    });
    if (open.length > 0) await forwardOpen(held, open, say);
    await release(service, held, push.updates);
    const now = await mirror.refs();
    const isEqual = push.updates.every(({ ref, newOid }) => (now.get(ref) ?? null) === newOid);
    if (!isEqual) mirror.invalidate();
    await service.held.remove(held);
  });
}

/** The consent is to what was shown: whatever would need one besides is a reason to ask anew. */
function checkAgain({ service, reasons, push }: HeldPush, facts: PushFacts): void {
  const { supervise } = service;
  const decision = decidePush(service.repo.push, facts, { supervise, approved: true });
  if (decision.outcome !== 'allowed')
    throw new ProtocolRefusal('the policy refuses this push now', renderDecision(decision));
  const asked = decidePush(service.repo.push, facts, { supervise });
  const more = approvalReasons(asked).filter((reason) => !reasons.includes(reason));
  if (more.length > 0)
    throw new ProtocolRefusal(
      `more has to be approved now than was shown (default branch ${push.facts.defaultBranch ?? 'none'}, now ${facts.defaultBranch ?? 'none'}): reject it, and let it be pushed again`,
      more,
    );
}

async function forwardOpen(
  held: HeldPush,
  updates: readonly RefUpdate[],
  say: (text: string) => void,
): Promise<void> {
  const { service, push, view } = held;
  const subject = { ...push.subject, updates, held: held.id };
  const results = await forwardPush(service, { view, updates, subject, rule: 'approval', say });
  const refused = refusedLines(results);
  if (refused.length === 0) return;
  for (const line of refused) say(line);
  const accepted = acceptedRefs(results).size;
  throw new ProtocolRefusal(
    `the upstream took ${accepted} of ${updates.length} refs: ${refused[0] ?? ''}`,
    refused,
  );
}

/**
 * Lets the receive-pack of every client that still waits move the refs, one after the other. It moves them from the
 * values that the client gave, so whatever else moved them (an earlier client of the same push, a refresh that saw
 * an earlier forward) is put back first; the lock is held all the time.
 */
async function release(service: RepoService, held: HeldPush, updates: readonly RefUpdate[]): Promise<void> {
  const refs = new Set(updates.map(({ ref }) => ref));
  for (const waiter of held.waiters) {
    if (waiter.signal.aborted) continue;
    await rewindRefs(service, updates);
    await answer(waiter, refs);
  }
}

async function answer(waiter: PushSession, refs: ReadonlySet<string>): Promise<void> {
  waiter.isForwarding = true;
  await waiter.accept(refs);
}
