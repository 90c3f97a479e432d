import type { BottleManifest, EnvValue } from '@bot-bottle/manifest';
import type { ProviderContext } from '../src/index.ts';

/** A context of the claude provider with the given changes. */
export function sampleContext(
  provider: Partial<BottleManifest['agentProvider']> = {},
  env: Record<string, EnvValue> = {},
  prompt = '',
): ProviderContext {
  return {
    bottle: {
      name: 'dev',
      env,
      agentProvider: {
        template: 'claude',
        dockerfile: null,
        authToken: null,
        forwardHostCredentials: false,
        command: null,
        settings: null,
        ...provider,
      },
      gitGate: { user: { name: null, email: null }, repos: {} },
      egress: {
        routes: [],
        log: 1,
        guard: 'builtin',
        budget: { requestBytes: null, totalBytes: null },
        dlpAllow: [],
      },
      supervise: true,
      resources: { memory: null, cpus: null, pids: null, disk: null },
      repositoryAgents: true,
    },
    agentName: 'implementer',
    prompt,
    skills: [],
    guestHome: '/home/node',
    workdir: '/home/node/workspace',
    botBottleHome: '/home/me/.bot-bottle',
    hostHome: '/home/me',
    now: new Date('2026-11-26T12:00:00Z'),
    hostEnv: () => undefined,
    readHostFile: async () => await Promise.resolve(null),
  };
}
