import type { Finding } from '@bot-bottle/dlp';
import { outgoingHeaders } from '@bot-bottle/egress';
import type { AllowDecision, RequestHead } from '@bot-bottle/egress';
import { scannerFor, showingFor } from '../hold/scanner-for.ts';
import { shownFindings } from '../hold/shown-findings.ts';
import type { ServerContext } from '../server-context.ts';
import { scanHead, surfaces } from './scan-head.ts';
import type { HeadScan, OutgoingHead } from './scan-head.ts';

const none: readonly Finding[] = [];

/** Makes the head that would leave and scans it under its row; findings are as they may be shown. */
export function scanRequest(server: ServerContext, head: RequestHead, decision: AllowDecision): HeadScan {
  const outgoing: OutgoingHead = {
    host: decision.host,
    path: decision.path,
    headers: outgoingHeaders(head, decision),
  };
  const scanner = scannerFor(server, decision);
  if (scanner === null) return { kind: 'clean', head: outgoing, findings: none };
  const result = scanHead(scanner, outgoing, decision.route.dlp.on_match);
  const showing = result.findings.length === 0 ? null : showingFor(server, decision);
  if (showing === null) return result;
  return { ...result, findings: shownFindings(result.findings, showing.scanHead(surfaces(outgoing))) };
}
