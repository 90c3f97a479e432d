import { defaultInbound, defaultOutbound } from '@bot-bottle/dlp';
import type { RouteDlp } from '../contracts.ts';

/** What is scanned where a route does not say (chapter 04, policy per route); the library of detectors decides. */
export function defaultDlp(owner: 'provider' | 'manifest'): RouteDlp {
  const { outbound, onMatch } = defaultOutbound(owner);
  return { outbound: [...outbound], inbound: [...defaultInbound(owner)], on_match: onMatch };
}
