import { visibleLine } from '@bot-bottle/audit';
import type { ProposalRequest } from '../proposal.ts';
import { refLabel } from '../ref-label.ts';
import { field, list, whole, wrapped } from '../text-lines.ts';

/** Git shows so many digits of an id at least. */
const SHORT_OID = 12;

export type PushRequest = Extract<ProposalRequest, { kind: 'push-approval' | 'gitleaks-allow' }>;
type PushedRef = PushRequest['refs'][number];
type Finding = Extract<ProposalRequest, { kind: 'gitleaks-allow' }>['findings'][number];

export function pushTitle(request: PushRequest): string {
  const [first] = request.refs;
  const more = request.refs.length > 1 ? ` and ${request.refs.length - 1} more` : '';
  const what = `push ${first === undefined ? '' : refLabel(first.ref)}${more} to ${visibleLine(request.repo, 256)}`;
  if (request.kind === 'push-approval') return what;
  return `${what} although ${request.findings.length} marked lines look like secrets`;
}

export function pushLines(request: PushRequest): string[] {
  return [
    ...list('because', request.reasons.map(whole)),
    field('upstream', whole(request.upstream)),
    ...list('refs', request.refs.map(refLine)),
    field('commits', String(request.commit_count)),
    ...list(
      '',
      request.commits.flatMap(({ oid, summary }) => wrapped(`${short(oid)} ${whole(summary)}`)),
    ),
    ...list(
      'paths',
      request.paths.flatMap((path) => wrapped(whole(path))),
    ),
    ...(request.kind === 'gitleaks-allow' ? list('findings', request.findings.flatMap(findingLines)) : []),
    field('held as', whole(request.held)),
  ];
}

const short = (oid: string | null): string => (oid === null ? '(none)' : oid.slice(0, SHORT_OID));

function refLine({ ref, old_oid: before, new_oid: after, fast_forward: forward }: PushedRef): string {
  const verb =
    after === null ? 'delete' : before === null ? 'create' : forward === false ? 'force' : 'update';
  return `${verb} ${whole(ref)}  ${short(before)} -> ${short(after)}`;
}

function findingLines({ ref, file, line, rule, commit, masked }: Finding): string[] {
  const where = file === null ? whole(ref) : `${whole(file)}${line === null ? '' : `:${line}`}`;
  const what = `${where}  ${whole(rule)}  commit ${short(commit)}  on ${refLabel(ref)}`;
  return [...wrapped(what), ...wrapped(whole(masked)).map((piece) => `  ${piece}`)];
}
