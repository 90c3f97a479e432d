import { visibleLine } from '@bot-bottle/audit';
import { matchHost, type RouteTable } from '@bot-bottle/egress';
import type { ProposalRequest } from '../proposal.ts';
import { becauseLines, field, list, whole } from '../text-lines.ts';
import { uploadRisks } from './egress-risks.ts';

export type PipelockBlock = Extract<ProposalRequest, { kind: 'pipelock-block' }>;

export function pipelockTitle({ host }: PipelockBlock): string {
  return `have pipelock let ${visibleLine(host, 253)} pass until the bottle ends`;
}

export function pipelockLines({ host, url, justification }: PipelockBlock): string[] {
  return [
    field('host', whole(host)),
    field('failed', whole(url)),
    // Last, so that nothing that counts comes after what the agent says.
    ...list('because', becauseLines(justification)),
  ];
}

/**
 * What to think of first about a host that pipelock is to let pass.
 *
 * @param table routes at present; null: not known
 */
export function pipelockRisks({ host }: PipelockBlock, table: RouteTable | null): string[] {
  const isRouted = table?.routes.some((route) => route.host === host || matchHost(route.host, host));
  return [
    ...uploadRisks(host),
    ...(isRouted === true ? ['a route allows this host: pipelock is the last to refuse it'] : []),
    ...(isRouted === false
      ? ['no route allows this host: egress still denies it, but requests to others may name it']
      : []),
  ];
}
