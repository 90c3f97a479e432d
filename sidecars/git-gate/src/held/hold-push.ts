import { setTimeout as delay } from 'node:timers/promises';
import { GitGateServerError } from '../errors.ts';
import { pushEvent } from '../push/push-events.ts';
import type { PushSession } from '../push/push-session.ts';
import type { JudgedPush } from '../push/judged-push.ts';
import type { RepoService } from '../repo-service.ts';
import type { HeldPush } from './held-push.ts';

/**
 * Holds a push that needs a human, outside the lock, and keeps its client waiting for a while. When a human decides
 * meanwhile, who applies the decision answers the client; later the push is forwarded without it.
 */
export async function holdPush(service: RepoService, session: PushSession, push: JudgedPush): Promise<void> {
  const { hold_seconds: seconds } = service.limits;
  const held = await find(service, session, push);
  if (held === null) return;
  held.waiters.add(session);
  for (const reason of held.reasons.slice(0, 20)) session.say(`needs approval: ${reason}`);
  session.say(`held as ${held.proposal ?? held.id}: waiting for a human (up to ${seconds} s)`);
  try {
    await decidedWithin(held, session.signal, seconds * 1000);
  } finally {
    held.waiters.delete(session);
  }
  session.refuse([
    'approval_timeout: still waiting: it will be forwarded when a human approves; do not push again',
  ]);
}

async function find(service: RepoService, session: PushSession, push: JudgedPush): Promise<HeldPush | null> {
  const same = service.held.find(push);
  if (same !== null) {
    session.say('the same push is held already: waiting with it');
    service.log(1, { event: 'push_joined', repo: service.repo.name, held: same.id });
    return same;
  }
  try {
    return await service.held.hold(service, push, session.signal);
  } catch (error) {
    if (!GitGateServerError.isInstance(error) || error.code !== 'limit_exceeded') throw error;
    const reason = error.message;
    await service.audit(
      pushEvent(push.subject, 'denied', { code: 'too_many_proposals', rule: 'hold', reason }),
    );
    session.refuse([`too_many_proposals: ${reason}`]);
    return null;
  }
}

/** Resolves when it was decided and applied, the client is gone, or the time is over and nobody is deciding. */
async function decidedWithin(held: HeldPush, signal: AbortSignal, ms: number): Promise<void> {
  const stop = new AbortController();
  const limit = AbortSignal.any([signal, stop.signal]);
  try {
    await Promise.race([
      held.settled.promise,
      delay(ms, undefined, { signal: limit }).catch(() => undefined),
    ]);
    while (held.deciding !== null && !signal.aborted) await held.deciding.catch(() => undefined);
  } finally {
    stop.abort();
  }
}
