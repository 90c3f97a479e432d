import type { ProposalRequest } from '../proposal.ts';
import { field, list, whole } from '../text-lines.ts';

type DlpHold = Extract<ProposalRequest, { kind: 'dlp-hold' }>;

export function dlpTitle({ host, findings, more_findings: more }: DlpHold): string {
  const count = findings.length + more;
  return `let a request to ${whole(host)} leave with ${count === 1 ? 'something' : `${count} things`} that looks like a secret`;
}

export function dlpLines(request: DlpHold): string[] {
  const { method, target, route, findings, more_findings: more } = request;
  return [
    field('request', `${whole(method)} ${whole(target)}`),
    field('route', whole(route)),
    ...list(
      'findings',
      findings.flatMap((each) => [
        `${whole(each.rule)}  ${whole(each.severity)}  in ${whole(each.surface)}  sha256 ${each.sha256.slice(0, 12)}`,
        `  ${whole(each.masked)}`,
      ]),
    ),
    ...(more === 0 ? [] : [field('', `and ${more} more`)]),
  ];
}

/** What to think of first about a request that DLP holds. */
export function dlpRisks({ host, findings, more_findings: more }: DlpHold): string[] {
  const known = findings.filter(({ detector }) => detector === 'known_secrets').length;
  const canary = findings.some(({ detector }) => detector === 'canary');
  return [
    ...(canary ? ['holds the canary: nothing but theft has a use for it'] : []),
    ...(known > 0 ? [`holds ${known} of the secrets that were given to this bottle or its sidecars`] : []),
    `the same values may leave to ${whole(host)} until the bottle ends`,
    ...(more > 0 ? [`${more} findings are not shown: they stay blocked until they are`] : []),
  ];
}
