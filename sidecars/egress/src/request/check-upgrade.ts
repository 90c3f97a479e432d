import type { AllowDecision, RequestHead } from '@bot-bottle/egress';
import { Denied } from './denied.ts';

/** Throws `Denied` for what a decided request may not ask of this version. */
export function checkUpgrade(head: RequestHead, decision: AllowDecision): void {
  if (head.path === '*') throw new Denied('malformed_request');
  if (head.upgrade === null || decision.route.dlp.outbound.length === 0) return;
  throw new Denied('upgrade_not_allowed', {
    rule: decision.rule,
    text: 'WebSocket messages cannot be scanned yet; a route that scans takes no upgrade.',
  });
}
