import { visibleLine } from '@bot-bottle/audit';
import type { ForwardResult, RefUpdate, RepositoryView } from '../contracts.ts';
import type { RepoService } from '../repo-service.ts';
import { refusalOf } from '../refusal-of.ts';
import { forwardedEvent, pushEvent } from './push-events.ts';
import type { PushSubject } from './push-events.ts';

export interface ForwardPush {
  readonly view: RepositoryView;
  readonly updates: readonly RefUpdate[];
  readonly subject: PushSubject;
  /** the check that let it pass */
  readonly rule: string | null;
  /** progress, for whoever waits */
  readonly say: (text: string) => void;
}

/**
 * Pushes to the upstream, between two audit events. Call it inside the lock. Nothing but its own time limit and the
 * server's end cuts it: a push that is half-way leaves everybody in doubt.
 *
 * @throws GitGateServerError `audit_unavailable` (nothing was sent), `git_failed` (the outcome is not known), …
 */
export async function forwardPush(
  service: RepoService,
  push: ForwardPush,
): Promise<readonly ForwardResult[]> {
  const { repo, mirror, limits } = service;
  const { subject, say } = push;
  await service.audit(pushEvent(subject, 'allowed', { code: null, rule: push.rule }));
  say(`forwarding to ${repo.host}:${repo.port}`);
  const began = performance.now();
  const timed = (): PushSubject => ({
    ...subject,
    times: { ...subject.times, forward: performance.now() - began },
  });
  try {
    const results = await mirror.forward({
      view: push.view,
      updates: push.updates,
      signal: AbortSignal.any([service.stopping, AbortSignal.timeout(limits.transfer_seconds * 1000)]),
      onUpstreamLine: (line) => say(`upstream: ${line}`),
    });
    await afterwards(service, forwardedEvent(timed(), results));
    return results;
  } catch (error) {
    mirror.invalidate();
    const { code, lines } = refusalOf(error, 'upstream_unreachable');
    const reason = lines.join('; ');
    await afterwards(service, pushEvent(timed(), 'failed', { code, rule: 'forward', reason }));
    throw error;
  }
}

/** Lines for the client: what became of each ref that the upstream did not take. */
export function refusedLines(results: readonly ForwardResult[]): string[] {
  return results.flatMap((result) =>
    result.outcome === 'refused'
      ? [`${result.code}: ${visibleLine(result.ref, 160)}: ${visibleLine(result.why, 480)}`]
      : [],
  );
}

/** Refs that the upstream took. */
export function acceptedRefs(results: readonly ForwardResult[]): Set<string> {
  return new Set(results.filter(({ outcome }) => outcome === 'accepted').map(({ ref }) => ref));
}

/** After the push nothing can be taken back any more; that it is not recorded is at least logged. */
async function afterwards(service: RepoService, event: Parameters<RepoService['audit']>[0]): Promise<void> {
  await service.audit(event).catch(() => {
    service.log(0, { event: 'audit_failed', action: event.action, outcome: event.outcome });
  });
}
