import type { DenialCode } from '@bot-bottle/audit';
import { formatAuthority } from '@bot-bottle/egress';
import type { AllowDecision } from '@bot-bottle/egress';
import { Denied } from './denied.ts';

/** The denial for whatever went wrong on the way to an upstream. What the guard refused, a human can be asked for. */
export function upstreamDenied(code: DenialCode, decision: AllowDecision | null): Denied {
  const rule = decision?.rule ?? null;
  if (code !== 'guard_denied' || decision === null) return new Denied(code, { rule });
  const { scheme, host, port } = decision;
  const authority = formatAuthority(host, port, scheme === 'https' ? 443 : 80);
  const ask = { tool: 'pipelock-block', arguments: { failed_url: `${scheme}://${authority}/` } };
  return new Denied(code, { rule, ask });
}
