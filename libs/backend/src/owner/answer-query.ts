import { allowlistView } from '@bot-bottle/egress';
import { ProtocolRefusal } from '@bot-bottle/sidecar-protocol';
import { superviseQuerySchema, type ProposalSource } from '@bot-bottle/supervise';
import type { LiveRoutes } from './live-routes.ts';

/** Answers what the supervise sidecar asks: the routes as the agent may see them, and how its own proposals stand. */
export function answerQuery(
  source: Pick<ProposalSource, 'status'>,
  routes: Pick<LiveRoutes, 'view'>,
): (raw: unknown, signal: AbortSignal) => Promise<unknown> {
  return async (raw, signal) => {
    const parsed = superviseQuerySchema.safeParse(raw);
    if (!parsed.success) throw new ProtocolRefusal('not a query');
    switch (parsed.data.query) {
      case 'routes': {
        const { table, now } = routes.view;
        return allowlistView(table, now);
      }
      case 'proposal':
        return await source.status(parsed.data.id, parsed.data.wait_ms, signal);
    }
  };
}
