import { type DenialCode, visibleLine } from '@bot-bottle/audit';
import type { CheckRecord, PushDecision } from '../contracts.ts';

/** Reasons that are shown one by one. */
const MAX_REASONS = 20;
/** Each part is cut on its own, in characters, so that a long name cannot push the reason out of sight. */
const MAX_SUBJECT = 160;
const MAX_WHY = 240;

const advice: Partial<Record<DenialCode, string>> = {
  secret_found: 'take the secret out of every commit (amend or rebase), and revoke it if it was ever real',
  push_policy_branch: 'push to a branch that is allowed',
  push_policy_tag: 'push without tags',
  push_policy_delete: 'leave the ref where it is',
  push_policy_force: 'push without rewriting: merge, or take a new branch',
  push_policy_path: 'leave protected paths as they are',
  push_policy_size: 'push fewer commits at a time',
  push_option_refused: 'push without -o and push.pushOption',
  hidden_objects: 'push with an unmodified git',
};

/**
 * Lines for the client's terminal, made visible: one per refusal (`<code>: <subject>: <why>`), one per question for a
 * human, at most 20 of them, and a last one that says what to do. An allowed push has nothing to say.
 */
export function renderDecision({ outcome, records }: PushDecision): string[] {
  const refusals = records.filter((record) => record.result === 'refused');
  const questions = records.filter((record) => record.result === 'needs-approval');
  if (outcome === 'allowed') return [];
  const reasons = [
    ...refusals.map((record) => line(record.code, record)),
    ...questions.map((record) => line('needs approval', record)),
  ];
  const more = reasons.length - MAX_REASONS;
  return [
    ...reasons.slice(0, MAX_REASONS),
    ...(more > 0 ? [`… and ${more} more`] : []),
    refusals.length === 0
      ? 'a human has to approve this push'
      : `nothing was pushed: ${todo(refusals.map(({ code }) => code))}`,
  ];
}

function line(head: string, { subject, why }: Exclude<CheckRecord, { result: 'allowed' }>): string {
  return `${head}: ${visibleLine(subject, MAX_SUBJECT)}: ${visibleLine(why, MAX_WHY)}`;
}

function todo(codes: readonly DenialCode[]): string {
  const steps = [...new Set(codes)].flatMap((code) => advice[code] ?? []);
  return [...steps, 'or ask the operator to change git-gate.repos.<name>.push'].join('; ');
}
