import { createDockerBackend } from '@bot-bottle/backend-docker';
import type Dockerode from 'dockerode';
import { connectEngine } from '../../src/engine/connect-engine.ts';
import { imageId } from '../../src/images/base-image.ts';
import { egressNetworkName } from '../../src/networks/egress-network.ts';

const required = (process.env['BOT_BOTTLE_REQUIRE'] ?? '').split(',').includes('docker');

/** Base that `tools/images` makes without a registry. */
const offlineBase = 'bot-bottle/base:offline';

export interface TestEngine {
  readonly docker: Dockerode;
  readonly baseImage: string;
}

/**
 * The engine that tests use, null when there is none; then their files are skipped with the reason.
 *
 * @throws when BOT_BOTTLE_REQUIRE names docker and there is none
 */
export async function testEngine(): Promise<TestEngine | null> {
  const found = await createDockerBackend().probe();
  if (!found.available) {
    if (required) throw new Error(`BOT_BOTTLE_REQUIRE names docker: ${found.reason}; ${found.remedy}`);
    process.stderr.write(`skipped: tests with an engine: ${found.reason}\n`);
    return null;
  }
  const { docker } = await connectEngine({ host: null, env: process.env });
  const named = process.env['BOT_BOTTLE_BASE_IMAGE'] ?? '';
  if (named !== '') return { docker, baseImage: named };
  const isOffline = (await imageId(docker, offlineBase)) !== null;
  return { docker, baseImage: isOffline ? offlineBase : 'node:24-slim' };
}

/** Names of everything on the engine but the one network that all bottles share, to compare before and after. */
export async function engineContents(
  docker: Dockerode,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const [containers, networks, { Volumes }, images] = await Promise.all([
    docker.listContainers({ all: true }),
    docker.listNetworks(),
    docker.listVolumes(),
    docker.listImages(),
  ]);
  const ours = (labels: Readonly<Record<string, string>> | undefined): boolean =>
    Object.keys(labels ?? {}).some((name) => name.startsWith('bot-bottle.'));
  return {
    containers: containers
      .filter(({ Labels }) => ours(Labels))
      .map(({ Names }) => Names.join())
      .toSorted(),
    networks: networks
      .filter(({ Labels, Name }) => ours(Labels) && Name !== egressNetworkName)
      .map(({ Name }) => Name)
      .toSorted(),
    volumes: (Volumes ?? [])
      .filter(({ Labels }) => ours(Labels))
      .map(({ Name }) => Name)
      .toSorted(),
    images: images
      .filter(({ Labels }) => ours(Labels))
      .map(({ Id }) => Id)
      .toSorted(),
  };
}
