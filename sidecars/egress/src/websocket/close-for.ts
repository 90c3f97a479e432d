import { denials } from '@bot-bottle/audit';
import type { DenialCode } from '@bot-bottle/audit';
import type { CloseFrame } from '@bot-bottle/egress';
import type { Denied } from '../request/denied.ts';

/** How the reasons begin by which an agent knows a close of ours. */
export const OWN_REASON = 'bot-bottle ';

/** A frame that does not follow RFC 6455; `code` is what the other side is told by. */
export interface Violation {
  readonly code: number;
  readonly reason: string;
}

/** The close frame that tells the agent why its WebSocket ends; the code of the denial stands in its reason. */
export function closeFor(denied: Denied, violation: Violation | null): CloseFrame {
  const text = violation?.reason ?? denied.text ?? denials[denied.code].message;
  const code = violation?.code ?? closeCodes[denied.code] ?? 1008;
  return { code, reason: `${OWN_REASON}${denied.code}: ${text}` };
}

/** RFC 6455 7.4.1 and the codes that IANA added to it; a policy that was not kept is 1008. */
const closeCodes: Partial<Record<DenialCode, number>> = {
  malformed_request: 1002,
  shutting_down: 1001,
  audit_unavailable: 1011,
  scanner_unavailable: 1011,
  limit_exceeded: 1013,
  upstream_invalid: 1014,
};
