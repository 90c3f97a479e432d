import { ControlClient, type RoutesView } from '@bot-bottle/backend';
import type { RiskContext } from '@bot-bottle/supervise';
import type { FoundProposal } from './found-proposal.ts';

/** A proposal with what it would change. */
export interface ShownProposal extends FoundProposal {
  /** routes of its bottle at present; null: it asks for no reach, or nobody tells them any more */
  readonly view: RoutesView | null;
  readonly context: RiskContext;
}

/**
 * Asks the owners for the routes that proposals would change, each owner once.
 *
 * @param onProblem told when an owner does not tell them; absent: that is thrown, so that nothing is decided blindly
 */
export async function withRoutes(
  found: readonly FoundProposal[],
  onProblem?: (problem: string) => void,
): Promise<ShownProposal[]> {
  const asked = new Map<string, Promise<RoutesView | null>>();
  const routesOf = (identity: string, socketPath: string): Promise<RoutesView | null> => {
    const before = asked.get(socketPath);
    if (before !== undefined) return before;
    const now = new ControlClient(socketPath).routes().catch((error: unknown) => {
      if (onProblem === undefined) throw error;
      onProblem(`${identity}: ${error instanceof Error ? error.message : 'its routes cannot be read'}`);
      return null;
    });
    asked.set(socketPath, now);
    return now;
  };
  return await Promise.all(
    found.map(async (each) => {
      const { owner, proposal } = each;
      const view =
        owner === null || proposal.request.kind !== 'egress-block'
          ? null
          : await routesOf(owner.identity, owner.socketPath);
      return { ...each, view, context: view === null ? {} : { table: view.table, now: view.now } };
    }),
  );
}
