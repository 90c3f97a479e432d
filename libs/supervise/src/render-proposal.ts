import { visibleLine } from '@bot-bottle/audit';
import type { Proposal, ProposalRequest } from './proposal.ts';
import { refLabel } from './ref-label.ts';
import { riskSummary } from './risk-summary.ts';

/** Longest shown text, in UTF-16 units: more than any text of a proposal has, so that no end of a path is hidden. */
const LONGEST = 8192;
/** Git shows so many digits of an id at least. */
const SHORT_OID = 12;

type PushedRef = ProposalRequest['refs'][number];
type Finding = Extract<ProposalRequest, { kind: 'gitleaks-allow' }>['findings'][number];

/** What is asked, in one visible line. */
export function proposalTitle(request: ProposalRequest): string {
  const [first] = request.refs;
  const more = request.refs.length > 1 ? ` and ${request.refs.length - 1} more` : '';
  const what = `push ${first === undefined ? '' : refLabel(first.ref)}${more} to ${visibleLine(request.repo, 256)}`;
  if (request.kind === 'push-approval') return what;
  return `${what} although ${request.findings.length} marked lines look like secrets`;
}

/** A proposal for a human, whole: everything that its digest covers. Each line is visible text and one line. */
export function renderProposal(proposal: Proposal): string[] {
  const { request } = proposal;
  return [
    field('proposal', `${proposal.id} (${request.kind})`),
    field('bottle', `${visibleLine(proposal.bottle)}, asked by ${proposal.sidecar} at ${proposal.arrived}`),
    field('asks', proposalTitle(request)),
    ...list('risk', riskSummary(request)),
    ...list('because', request.reasons.map(whole)),
    field('upstream', whole(request.upstream)),
    ...list('refs', request.refs.map(refLine)),
    field('commits', String(request.commit_count)),
    ...list(
      '',
      request.commits.map(({ oid, summary }) => `${short(oid)} ${whole(summary)}`),
    ),
    ...list('paths', request.paths.map(whole)),
    ...(request.kind === 'gitleaks-allow' ? list('findings', request.findings.flatMap(findingLines)) : []),
    field('held as', whole(request.held)),
  ];
}

const whole = (text: string): string => visibleLine(text, LONGEST);
const short = (oid: string | null): string => (oid === null ? '(none)' : oid.slice(0, SHORT_OID));
const field = (name: string, text: string): string => `${name.padEnd(10)}${text}`;
const list = (name: string, texts: readonly string[]): string[] =>
  texts.map((text, index) => field(index === 0 ? name : '', text));

function refLine({ ref, old_oid: before, new_oid: after, fast_forward: forward }: PushedRef): string {
  const verb =
    after === null ? 'delete' : before === null ? 'create' : forward === false ? 'force' : 'update';
  return `${verb} ${whole(ref)}  ${short(before)} -> ${short(after)}`;
}

function findingLines({ ref, file, line, rule, commit, masked }: Finding): string[] {
  const where = file === null ? whole(ref) : `${whole(file)}${line === null ? '' : `:${line}`}`;
  return [`${where}  ${whole(rule)}  commit ${short(commit)}  on ${refLabel(ref)}`, `  ${whole(masked)}`];
}
