import { timed, type BottleSpec, type OpenOptions } from '@bot-bottle/backend';
import { Lookup } from './even-if-pruned.ts';
import type { HostOptions } from './host.ts';
import { agentImage, plainAgent } from './images/agent-image.ts';
import { rebuiltImage, type RebuiltImage } from './images/rebuilt-image.ts';
import { egressNetwork } from './networks/egress-network.ts';

export type BuildOptions = { readonly baseImage: string; readonly signal: AbortSignal } & OpenOptions;

/** What a bottle uses but does not own. */
export interface Shared {
  /** a name, or one that the agent wrote */
  readonly agentImage: Lookup<string | RebuiltImage>;
  /** the network that leads out */
  readonly outside: Lookup<string>;
}

/** Begins to look for what the bottle will need; what is missing is made. */
export function sharedThings(
  spec: BottleSpec,
  { engine: { docker }, egressNetwork: named }: Pick<HostOptions, 'engine' | 'egressNetwork'>,
  build: BuildOptions,
): Shared {
  const { rebuilt = null, ...image } = spec.image ?? plainAgent;
  const agent = new Lookup<string | RebuiltImage>(() =>
    timed<string | RebuiltImage>(build.onStep, 'image of the agent', () =>
      rebuilt === null ? agentImage(docker, image, build) : rebuiltImage(docker, image, rebuilt, build),
    ),
  );
  const outside = new Lookup(() => timed(build.onStep, 'shared network', () => egressNetwork(docker, named)));
  // Both are needed later, and are looked for beside what is made meanwhile.
  void agent.get();
  if (spec.sidecars.some((name) => name !== 'supervise')) void outside.get();
  return { agentImage: agent, outside };
}
