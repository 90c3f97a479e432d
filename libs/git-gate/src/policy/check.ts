import type { DenialCode } from '@bot-bottle/audit';
import type { CheckName, PushFacts, PushPolicy } from '../contracts.ts';

/** What a check has against one thing of a push. Text is as the push has it: show it through `visibleLine`. */
export interface Concern {
  readonly result: 'refused' | 'needs-approval';
  readonly code: DenialCode;
  /** a ref, a path, or a file with line */
  readonly subject: string;
  readonly why: string;
}

/** One named step of the decision; it looks at everything and gives every concern, none when all is well. */
export interface PushCheck {
  readonly name: CheckName;
  readonly run: (policy: PushPolicy, facts: PushFacts) => readonly Concern[];
}

export const refused = (code: DenialCode, subject: string, why: string): Concern => ({
  result: 'refused',
  code,
  subject,
  why,
});

export const needsApproval = (code: DenialCode, subject: string, why: string): Concern => ({
  result: 'needs-approval',
  code,
  subject,
  why,
});

/** Subject of what concerns no single ref or path. */
export const wholePush = 'this push';

/** Enough of an object id to find it again. */
export const shortOid = (oid: string): string => oid.slice(0, 12);
