import type { Scanner } from '@bot-bottle/dlp';
import type { AllowDecision } from '@bot-bottle/egress';
import type { ServerContext } from '../server-context.ts';
import { placeOf } from './approved-values.ts';
import type { FoundValue } from './approved-values.ts';

type Part = Pick<ServerContext, 'policy' | 'holds'>;

/** What a human let pass to the host of a request; null: nothing, as on every row that asks nobody. */
export function approvedFor({ holds }: Part, decision: AllowDecision): readonly FoundValue[] | null {
  return decision.route.dlp.on_match === 'supervise' ? holds.approvedFor(placeOf(decision)) : null;
}

/** What scans a request, null when its row scans nothing. */
export function scannerFor(server: Part, decision: AllowDecision): Scanner | null {
  const approved = approvedFor(server, decision);
  const { policy } = server;
  return approved === null ? policy.scanner(decision.route) : policy.scannerWith(decision.route, approved);
}

/**
 * What findings of `scannerFor` are to be shown by, see `shownFindings`; null: they mask every known value and may be
 * shown as they are.
 */
export function showingFor(server: Part, decision: AllowDecision): Scanner | null {
  const { policy } = server;
  const isWhole = approvedFor(server, decision) === null && policy.scansKnownValues(decision.route);
  return isWhole ? null : policy.showing(decision.route);
}
