import { canonicalJson } from '../canonical-json.ts';
import { SuperviseError } from '../error.ts';
import { proposalKinds } from '../proposal-kinds.ts';
import { proposalRequestSchema, type Proposal, type ProposalRequest } from '../proposal.ts';

/** Longest proposal in bytes of JSON: all that may be open fit into one answer of the control socket. */
export const MAX_PROPOSAL_BYTES = 512 * 1024;

/**
 * What a sidecar asks, checked.
 *
 * @throws SuperviseError `invalid_proposal`, `not_allowed`; the message repeats nothing of what arrived but key names of
 *   the schema
 */
export function checkRequest(raw: unknown, sidecar: Proposal['sidecar']): ProposalRequest {
  const parsed = proposalRequestSchema.safeParse(raw);
  if (!parsed.success) {
    const fields = new Set(parsed.error.issues.map(({ path }) => path.join('.')));
    const named = [...fields].slice(0, 10).join(', ').slice(0, 500);
    throw new SuperviseError('invalid_proposal', `not a proposal${named === '' ? '' : `: ${named}`}`);
  }
  if (!proposalKinds[parsed.data.kind].askedBy.includes(sidecar)) {
    throw new SuperviseError('not_allowed', `${sidecar} may not ask for ${parsed.data.kind}`);
  }
  if (Buffer.byteLength(canonicalJson(parsed.data)) > MAX_PROPOSAL_BYTES) {
    throw new SuperviseError(
      'invalid_proposal',
      `a proposal is larger than ${MAX_PROPOSAL_BYTES / 1024} KiB`,
    );
  }
  return parsed.data;
}
