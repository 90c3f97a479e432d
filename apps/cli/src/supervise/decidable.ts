import { CliError } from '../cli-error.ts';
import type { FoundProposal } from './found-proposal.ts';

/**
 * The owner that can decide a proposal.
 *
 * @throws CliError `refused` or `failed` when nobody can
 */
export function ownerOf({
  proposal,
  state,
  response,
  owner,
}: FoundProposal): NonNullable<FoundProposal['owner']> {
  if (owner !== null) return owner;
  if (response !== null) {
    const who = response.by === null ? '' : ` by ${response.by}`;
    throw new CliError('refused', `${proposal.id} was ${state} already${who} at ${response.decided}`);
  }
  throw state === 'unreachable'
    ? new CliError('failed', `the owner of ${proposal.bottle} does not answer`)
    : new CliError('refused', `${proposal.id} is abandoned: ${proposal.bottle} is not running any more`);
}
