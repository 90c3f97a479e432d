import type { PushDecision } from '@bot-bottle/git-gate';
import type { RefUpdate, RepositoryView } from '../contracts.ts';
import type { PushSubject } from './push-events.ts';
import type { GatheredFacts } from './push-facts.ts';

/** A push that was looked at from all sides. */
export interface JudgedPush extends GatheredFacts {
  readonly view: RepositoryView;
  readonly updates: readonly RefUpdate[];
  readonly decision: PushDecision;
  readonly subject: PushSubject;
  /** whether its refs and paths may be written down */
  readonly isNamed: boolean;
}
