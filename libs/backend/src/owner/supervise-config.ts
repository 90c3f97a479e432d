import {
  superviseTools,
  usualTools,
  type SuperviseConfigInput,
  type SuperviseTool,
} from '@bot-bottle/supervise';
import type { BottlePlan } from '../plan/bottle-plan.ts';
import type { SidecarSetup } from './egress-config.ts';

/** Configuration of the supervise sidecar of one bottle. It holds no secret. */
export function superviseSetup(
  plan: Pick<BottlePlan, 'identity' | 'guard'>,
  facts: {
    readonly listen: string;
    /** Dockerfile that could be replaced, null: none can */
    readonly dockerfile: string | null;
  },
): SidecarSetup {
  const { listen, dockerfile } = facts;
  const offered = new Set<SuperviseTool>([
    ...usualTools,
    ...(dockerfile === null ? [] : (['capability-block'] as const)),
    ...(plan.guard === null ? [] : (['pipelock-block'] as const)),
  ]);
  const tools = superviseTools.filter((name) => offered.has(name));
  const config: SuperviseConfigInput = { bottle: plan.identity, listen, tools, dockerfile };
  return { config, secrets: {} };
}
