import type { InboundDetector, OutboundDetector } from './contracts.ts';

export interface OutboundPolicy {
  readonly outbound: readonly OutboundDetector[];
  readonly onMatch: 'warn' | 'redact' | 'supervise' | 'block';
}

/**
 * What a route scans for when the manifest says nothing. Conversations with a model are full of what looks like a
 * token, so routes of a provider look for known values only and go on without them.
 */
export function defaultOutbound(owner: 'provider' | 'manifest'): OutboundPolicy {
  switch (owner) {
    case 'provider':
      return { outbound: ['known_secrets', 'canary'], onMatch: 'redact' };
    case 'manifest':
      return { outbound: ['known_secrets', 'token_patterns', 'canary', 'crlf'], onMatch: 'block' };
  }
}

/**
 * What answers are looked at for when the manifest says nothing. What a model says is not looked at: it is full of talk
 * about instructions, and it is what the agent obeys anyway.
 */
export function defaultInbound(owner: 'provider' | 'manifest'): readonly InboundDetector[] {
  return owner === 'provider' ? [] : ['prompt_injection'];
}
