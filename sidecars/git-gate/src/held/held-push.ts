import type { PushRequest } from '@bot-bottle/supervise';
import type { RefUpdate, RepositoryView } from '../contracts.ts';
import type { PushSession } from '../push/push-session.ts';
import type { JudgedPush } from '../push/judged-push.ts';
import type { RepoService } from '../repo-service.ts';

/** A push that waits for a human; its objects are in a folder of its own. */
export interface HeldPush {
  readonly id: string;
  readonly service: RepoService;
  readonly push: JudgedPush;
  /** mirror with the held objects in front */
  readonly view: RepositoryView;
  readonly folder: string;
  readonly bytes: number;
  /** why a human is asked; nothing else is approved */
  readonly reasons: readonly string[];
  readonly request: PushRequest;
  /** id of the proposal, null until it was taken */
  proposal: string | null;
  /** clients that still wait */
  readonly waiters: Set<PushSession>;
  /** the decision that is being applied, null when there is none */
  deciding: Promise<unknown> | null;
  /** resolves when it was forwarded, rejected or dropped */
  readonly settled: PromiseWithResolvers<void>;
}

/** The same for pushes that would do the same. */
export function pushKey(repo: string, updates: readonly RefUpdate[]): string {
  const sorted = updates.map(({ ref, oldOid, newOid }) => [ref, oldOid, newOid].join(' ')).toSorted();
  return JSON.stringify([repo, ...sorted]);
}
