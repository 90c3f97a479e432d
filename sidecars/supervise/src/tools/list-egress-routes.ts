import { z } from 'zod';
import { within } from '../limits/within.ts';
import { ToolFailure } from '../tool-failure.ts';
import { boundedRoutes, routesSchema, routesViewSchema } from './routes-view.ts';
import { defineTool } from './tool.ts';

/** Where the agent may go at present. */
export const listEgressRoutes = defineTool({
  name: 'list-egress-routes',
  title: 'List egress routes',
  description:
    'Lists the hosts, ports, paths and methods that this sandbox may reach at present. Everything else is refused. ' +
    'Call it before you ask for more reach with `egress-block`.',
  hints: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  input: z.strictObject({}),
  output: routesViewSchema,
  prepare:
    () =>
    async ({ backend, queryMs, signal }) => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(queryMs)]);
      const answer = await within(backend.routes(limit), queryMs, () => {
        throw new ToolFailure('unavailable', 'the routes could not be read in time');
      });
      const parsed = routesSchema.safeParse(answer);
      if (!parsed.success) throw new ToolFailure('unavailable', 'what was answered is not a list of routes');
      return boundedRoutes(parsed.data);
    },
});
