import type { SuperviseConfigInput } from '@bot-bottle/supervise';
import type { BottlePlan } from '../plan/bottle-plan.ts';
import type { SidecarSetup } from './egress-config.ts';

/** Configuration of the supervise sidecar of one bottle. It holds no secret. */
export function superviseSetup(
  plan: Pick<BottlePlan, 'identity'>,
  facts: { readonly listen: string },
): SidecarSetup {
  const config: SuperviseConfigInput = { bottle: plan.identity, listen: facts.listen };
  return { config, secrets: {} };
}
