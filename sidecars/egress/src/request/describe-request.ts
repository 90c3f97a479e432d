import type { DenialAsk } from '@bot-bottle/audit';
import type { AllowDecision, Via } from '@bot-bottle/egress';
import { formatAuthority } from '@bot-bottle/egress';
import type { RequestHead } from '@bot-bottle/egress';
import type { Finding, Scanner } from '@bot-bottle/dlp';
import type { PolicyState } from '../policy/policy-state.ts';

const MASKED = '[masked]';
const nothing: readonly Finding[] = [];

/** `METHOD scheme://host/path`, without query; parts in which one of the scanners finds something are masked. */
export function describeRequest(head: RequestHead, via: Via, scanners: readonly Scanner[]): string {
  const tls = via.kind === 'tunnel' && via.tls;
  const host = via.kind === 'tunnel' ? via.host : head.host;
  const port = (via.kind === 'tunnel' ? via.port : head.port) ?? 80;
  const path = head.path.split('?', 1)[0] ?? '';
  const found =
    scanners.length === 0
      ? nothing
      : scanners.flatMap((scanner) => scanner.scanHead({ host, path, query: null, headers: [] }));
  const shownHost = found.some((finding) => finding.surface === 'host') ? MASKED : host;
  const shownPath = found.some((finding) => finding.surface !== 'host') ? `/${MASKED}` : path;
  const scheme = tls ? 'https' : 'http';
  return `${head.method} ${scheme}://${formatAuthority(shownHost, port, tls ? 443 : 80)}${shownPath}`.slice(
    0,
    2048,
  );
}

/** Like `describeRequest`, and whatever the row of the request searches for is masked too. */
export function describeDecided(
  policy: PolicyState,
  head: RequestHead,
  via: Via,
  decision: AllowDecision | null,
): string {
  const own = decision === null ? null : policy.showing(decision.route);
  return describeRequest(head, via, own === null ? [policy.leaks()] : [policy.leaks(), own]);
}

/** What a denial may suggest to ask for: nothing of a request whose description had to be masked but its host. */
export function askFor(ask: DenialAsk | null, target: string): DenialAsk | null {
  if (ask === null || !target.includes(MASKED)) return ask;
  const host = ask.arguments['host'];
  if (typeof host !== 'string' || !target.includes(host)) return null;
  return { tool: ask.tool, arguments: { host } };
}

/** The target of a CONNECT in the same style. */
export function describeConnect(host: string, port: number, leaks: Scanner): string {
  const found = leaks.scanHead({ host, path: '/', query: null, headers: [] });
  return `CONNECT ${formatAuthority(found.length > 0 ? MASKED : host, port, null)}`;
}
