import type { RouteDlp } from '../contracts.ts';

/**
 * What is scanned where a route does not say (chapter 04, policy per route). Conversations with a provider's API are
 * full of things that look like tokens, so only real values are searched there, and overwritten rather than refused.
 */
export function defaultDlp(owner: 'provider' | 'manifest'): RouteDlp {
  // No inbound detector can be built yet; `prompt_injection` joins here when it can.
  return owner === 'provider'
    ? { outbound: ['known_secrets', 'canary'], inbound: [], on_match: 'redact' }
    : { outbound: ['known_secrets', 'token_patterns', 'canary', 'crlf'], inbound: [], on_match: 'block' };
}
