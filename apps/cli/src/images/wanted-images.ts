import type { WantedImage } from '@bot-bottle/backend-docker';
import { sidecarNames } from '@bot-bottle/backend';
import type { ManifestIndex } from '@bot-bottle/manifest';
import { sidecarPrograms } from '../launch/sidecar-programs.ts';

/** An image that a launch of this version could take, under the name that people use for it. */
export interface NamedImage {
  readonly name: string;
  readonly wanted: WantedImage;
  /** whether bottles of this home need it */
  readonly isNeeded: boolean;
}

/**
 * The images of sidecars, of agents, and of the Dockerfiles that bottles name.
 *
 * @param imageNames those of this version, e.g. agent-claude
 */
export async function wantedImages(
  index: ManifestIndex,
  imageNames: readonly string[],
): Promise<readonly NamedImage[]> {
  const bottles = await Promise.all(
    index.bottles.map(async ({ name }) => {
      // One that cannot be read cannot be launched either.
      const bottle = await index.bottle(name).catch(() => null);
      return bottle === null ? [] : [{ bottle: name, provider: bottle.agentProvider }];
    }),
  );
  const providers = bottles.flat();
  const programs = sidecarPrograms();
  const used = new Set(providers.map(({ provider }) => `agent-${provider.template}`));
  if (providers.length === 0) used.add('agent-command');
  return [
    ...sidecarNames.flatMap((sidecar) => {
      const program = programs[sidecar];
      return program === undefined
        ? []
        : [{ name: `sidecar-${sidecar}`, wanted: { sidecar, program }, isNeeded: true }];
    }),
    ...imageNames
      .filter((name) => name.startsWith('agent-'))
      .map((name) => ({
        name,
        wanted: { agent: { name: name.replace(/^agent-/, 'bot-bottle-'), dockerfile: null } },
        isNeeded: used.has(name),
      })),
    ...providers.flatMap(({ bottle, provider: { template, dockerfile } }) =>
      dockerfile === null
        ? []
        : [
            {
              name: bottle,
              wanted: { agent: { name: `bot-bottle-${template}`, dockerfile } },
              isNeeded: true,
            },
          ],
    ),
  ];
}
