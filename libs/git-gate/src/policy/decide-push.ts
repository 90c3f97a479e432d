import type { CheckName, CheckRecord, PushDecision, PushFacts, PushPolicy } from '../contracts.ts';
import type { Concern } from './check.ts';
import { pushChecks } from './push-checks.ts';

export interface DecideOptions {
  /** whether the bottle has somebody who can be asked */
  readonly supervise: boolean;
  /** a human has said yes to this very push; counts only where one could be asked */
  readonly approved?: boolean;
}

/**
 * Decides on a push. Every check runs and every refusal is there. Where nobody can be asked (`approve: never`,
 * `supervise: false`), what needs approval is refused.
 */
export function decidePush(policy: PushPolicy, facts: PushFacts, options: DecideOptions): PushDecision {
  const nobody = nobodyToAsk(policy, options);
  const records = pushChecks.flatMap(({ name, run }) => {
    const said = run(policy, facts).flatMap((concern) => settle(name, concern, nobody, options));
    return said.length === 0 ? [{ check: name, result: 'allowed' } as const] : said;
  });
  const has = (result: CheckRecord['result']): boolean => records.some((record) => record.result === result);
  return {
    outcome: has('refused') ? 'refused' : has('needs-approval') ? 'needs-approval' : 'allowed',
    records,
  };
}

/** Why a question cannot be put and what would change it, null when it can. */
function nobodyToAsk({ approve }: PushPolicy, { supervise }: DecideOptions): string | null {
  if (approve === 'never')
    return 'needs approval, but push.approve is never; the operator can set on_finding';
  if (!supervise) return 'needs approval, but supervise is false; the operator can set it to true';
  return null;
}

function settle(
  check: CheckName,
  concern: Concern,
  nobody: string | null,
  options: DecideOptions,
): CheckRecord[] {
  if (concern.result === 'refused') return [{ check, ...concern }];
  if (nobody !== null) return [{ check, ...concern, result: 'refused', why: `${concern.why}: ${nobody}` }];
  return options.approved === true ? [] : [{ check, ...concern }];
}
