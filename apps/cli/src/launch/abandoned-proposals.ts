import { join } from 'node:path';
import { visibleLine } from '@bot-bottle/audit';
import { proposalTitle, QueueStore, SuperviseError } from '@bot-bottle/supervise';

/** The stable form of an abandoned proposal in `resume --json`. */
export interface AbandonedProposal {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  /** ISO 8601, UTC */
  readonly arrived: string;
}

const maxShown = 20;

/**
 * What a bottle that does not run asked in its last life and nobody answered, by arrival.
 *
 * @param since start of that life, ISO 8601, UTC; null: not known, all count
 * @param onProblem told why there is none, or of a file that is none
 */
export async function abandonedProposals(
  home: string,
  identity: string,
  since: string | null,
  onProblem: (problem: string) => void,
): Promise<readonly AbandonedProposal[]> {
  try {
    const { entries, problems } = await new QueueStore(join(home, 'queue'), identity).list();
    for (const problem of problems) onProblem(`queue: ${problem}`);
    return (
      entries
        .filter(({ proposal }) => !isBefore(proposal.arrived, since))
        // Without a response: its launcher died, and nobody closed it yet.
        .filter(({ response }) => response === null || response.outcome === 'abandoned')
        .map(({ proposal: { id, arrived, request } }) => ({
          id,
          kind: request.kind,
          title: visibleLine(proposalTitle(request), 300),
          arrived,
        }))
    );
  } catch (error) {
    // Only a list that is shown: the bottle itself is none the worse.
    if (!SuperviseError.isInstance(error)) throw error;
    onProblem(`the queue of proposals: ${error.message}`);
    return [];
  }
}

/** A block below the preflight; '' when there are none. */
export function renderAbandoned(proposals: readonly AbandonedProposal[]): string {
  if (proposals.length === 0) return '';
  const lines = proposals
    .slice(0, maxShown)
    .map(({ id, kind, title }) => `    ${visibleLine(`${id}  ${kind}  ${title}`, 400)}`);
  const more = proposals.length - lines.length;
  if (more > 0) lines.push(`    … and ${more} more`);
  return `  abandoned: asked before, and nobody answered; the agent may ask again\n${lines.join('\n')}\n\n`;
}

/** A start that cannot be read leaves nothing out. */
function isBefore(arrived: string, since: string | null): boolean {
  return since !== null && Date.parse(arrived) < Date.parse(since);
}
