import { visibleLine } from '@bot-bottle/audit';
import type { ProposalRequest } from '../proposal.ts';
import { field, list, whole, wrapped } from '../text-lines.ts';
import { uploadRisks } from './egress-risks.ts';

type DlpHold = Extract<ProposalRequest, { kind: 'dlp-hold' }>;

export function dlpTitle({ host, findings, more_findings: more }: DlpHold): string {
  const count = findings.length + more;
  const what = count === 1 ? 'something that looks like a secret' : `${count} things that look like secrets`;
  return `let a request to ${visibleLine(host, 253)} leave with ${what}`;
}

export function dlpLines(request: DlpHold): string[] {
  const { method, host, target, route, findings, more_findings: more } = request;
  return [
    field('host', whole(host)),
    field('request', `${whole(method)} ${whole(target)}`),
    field('route', whole(route)),
    ...list(
      'findings',
      findings.flatMap((each) => [
        `${whole(each.rule)}  ${whole(each.severity)}  in ${whole(each.surface)}  by ${whole(each.detector)}`,
        ...wrapped(whole(each.masked)).map((piece) => `  ${piece}`),
        // Whole, because an approval is remembered by it.
        `  sha256 ${each.sha256}`,
      ]),
    ),
    ...(more === 0 ? [] : [field('', `and ${more} more`)]),
  ];
}

/** What to think of first about a request that DLP holds. */
export function dlpRisks({ scheme, host, findings, more_findings: more }: DlpHold): string[] {
  const known = findings.filter(({ detector }) => detector === 'known_secrets').length;
  const canary = findings.some(({ detector }) => detector === 'canary');
  return [
    ...(canary ? ['holds the canary: nothing but theft has a use for it'] : []),
    ...(known > 0 ? [`holds ${known} of the secrets that were given to this bottle or its sidecars`] : []),
    ...uploadRisks(host),
    ...(scheme === 'http' ? ['in plaintext: everybody on the way can read it'] : []),
    `the same values may leave to ${whole(host)}${scheme === 'http' ? ' in plaintext' : ''} until the bottle ends`,
    ...(more > 0 ? [`${more} findings are not shown: they stay blocked until they are`] : []),
  ];
}
