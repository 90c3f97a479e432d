import path from 'node:path';
import type { BottleManifest, GitRepoManifest } from '../contracts.ts';

/** Makes the host paths of a bottle absolute: `~/` is the operator's home, the rest starts at the bottle files. */
export function resolvePaths(bottle: BottleManifest, home: string, bottlesFolder: string): BottleManifest {
  const absolute = (file: string): string =>
    file.startsWith('~/') ? path.join(home, file.slice(2)) : path.resolve(bottlesFolder, file);
  const repo = (each: GitRepoManifest): GitRepoManifest =>
    each.key.kind === 'identity' ? { ...each, key: { ...each.key, path: absolute(each.key.path) } } : each;
  const { agentProvider, gitGate } = bottle;
  return {
    ...bottle,
    agentProvider: {
      ...agentProvider,
      dockerfile: agentProvider.dockerfile === null ? null : absolute(agentProvider.dockerfile),
    },
    gitGate: {
      ...gitGate,
      repos: Object.fromEntries(Object.entries(gitGate.repos).map(([name, each]) => [name, repo(each)])),
    },
  };
}
