import type { AllowDecision } from '@bot-bottle/egress';
import type { Credential, PolicyState } from '../policy/policy-state.ts';
import { Denied } from './denied.ts';

/** The credential that a request is sent with, null: none; throws `Denied` when it should have one. */
export function credentialFor(policy: PolicyState, decision: AllowDecision): Credential | null {
  if (decision.injectAuth === null) return null;
  try {
    const credential = policy.credential(decision.injectAuth);
    if (credential !== null) return credential;
  } catch {
    // an unusable secret is as good as none; its text stays out of everything
  }
  throw new Denied('credential_unavailable', { rule: decision.rule });
}
