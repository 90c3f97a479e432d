import { createEchoRedactor } from '@bot-bottle/egress';
import type { EchoRedactor } from '@bot-bottle/egress';
import type { Credential } from '../policy/policy-state.ts';

const idle = new WeakMap<Credential, EchoRedactor[]>();
const MAX_IDLE = 32;

/** A redactor for a credential's echo; building its search tables costs more than one answer's search. */
export function borrowRedactor(credential: Credential): EchoRedactor {
  return idle.get(credential)?.pop() ?? createEchoRedactor(credential.forms);
}

/** Only a redactor whose body ended may come back. */
export function returnRedactor(credential: Credential, redactor: EchoRedactor): void {
  const kept = idle.get(credential) ?? [];
  if (kept.length < MAX_IDLE) kept.push(redactor);
  idle.set(credential, kept);
}

/** Whether a head could hold an echo: one search over all of it instead of one for each field. */
export function mayEcho(raw: Buffer, credential: Credential): boolean {
  return credential.forms.some((form) => form.length > 0 && raw.includes(form));
}
