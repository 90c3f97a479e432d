import { superviseTools, usualTools, type SuperviseConfigInput } from '@bot-bottle/supervise';
import type { BottlePlan } from '../plan/bottle-plan.ts';
import type { SidecarSetup } from './egress-config.ts';

/** Configuration of the supervise sidecar of one bottle. It holds no secret. */
export function superviseSetup(
  plan: Pick<BottlePlan, 'identity'>,
  facts: {
    readonly listen: string;
    /** Dockerfile that could be replaced, null: none can */
    readonly dockerfile: string | null;
  },
): SidecarSetup {
  const { listen, dockerfile } = facts;
  const tools = [...(dockerfile === null ? usualTools : superviseTools)];
  const config: SuperviseConfigInput = { bottle: plan.identity, listen, tools, dockerfile };
  return { config, secrets: {} };
}
