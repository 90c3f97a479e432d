import type { SuperviseTool } from '@bot-bottle/supervise';
import { capabilityBlock } from './capability-block.ts';
import { checkProposal } from './check-proposal.ts';
import { egressBlock } from './egress-block.ts';
import { explainDenial } from './explain-denial.ts';
import { listEgressRoutes } from './list-egress-routes.ts';
import { pipelockBlock } from './pipelock-block.ts';
import type { Tool } from './tool.ts';

/** Every tool, in the order in which they are listed. */
export const allTools: Readonly<Record<SuperviseTool, Tool>> = {
  'list-egress-routes': listEgressRoutes,
  'egress-block': egressBlock,
  'pipelock-block': pipelockBlock,
  'capability-block': capabilityBlock,
  'explain-denial': explainDenial,
  'check-proposal': checkProposal,
};
