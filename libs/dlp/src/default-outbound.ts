import type { OutboundDetector } from './contracts.ts';

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
