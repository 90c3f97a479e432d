import { agentCredentials } from '@bot-bottle/egress';
import type { AllowDecision, CredentialPins } from '@bot-bottle/egress';
import { Denied } from './denied.ts';
import type { OutgoingHead } from './scan-head.ts';

/** Pins the first credential of the agent's own on a row that lets it through; throws `Denied` for another one. */
export function checkPins(pins: CredentialPins, decision: AllowDecision, head: OutgoingHead): void {
  if (!decision.agentAuthorization) return;
  const credentials = agentCredentials(head.headers);
  if (credentials.length > 0 && !pins.accept(decision.host, credentials)) {
    throw new Denied('credential_changed', { rule: decision.rule });
  }
}
