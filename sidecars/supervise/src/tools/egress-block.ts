import { egressArgumentsSchema, egressRequest } from './egress-arguments.ts';
import { propose } from './propose.ts';
import { proposalResultSchema } from './proposal-result.ts';
import { defineTool } from './tool.ts';

/** Asks a human for reach, and waits a while for the answer. */
export const egressBlock = defineTool({
  name: 'egress-block',
  title: 'Ask for network access',
  description:
    'Asks a human to let this sandbox reach a host that is refused at present. Ask only for what the task needs, with ' +
    'the smallest set of ports, paths and methods. Waits a while for the answer; `pending` means that nobody has ' +
    'answered yet and the proposal stays queued.',
  hints: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
  input: egressArgumentsSchema,
  output: proposalResultSchema,
  prepare: (given) => {
    const request = egressRequest(given);
    return async (context) => await propose(request, context);
  },
});
