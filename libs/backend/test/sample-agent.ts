import type { BottleManifest, EffectiveAgent, RouteManifest } from '@bot-bottle/manifest';

type Changes = Partial<Omit<EffectiveAgent, 'bottle'>> & { readonly bottle?: Partial<BottleManifest> };

export function sampleRoute(changes: Partial<RouteManifest> & { readonly host: string }): RouteManifest {
  return {
    ports: [443],
    pathAllowlist: [],
    methods: [],
    auth: null,
    authorization: 'strip',
    agentHeaders: [],
    envSecrets: [],
    git: { fetch: false },
    dlp: { outbound: null, inbound: null, onMatch: null },
    addressAllowlist: [],
    pipelock: { tlsPassthrough: false },
    ...changes,
  };
}

/** An agent of the command provider that can reach nothing. */
export function sampleAgent({ bottle, ...changes }: Changes = {}): EffectiveAgent {
  return {
    name: 'implementer',
    file: '/home/me/.bot-bottle/agents/implementer.md',
    source: 'home',
    contentHash: 'a'.repeat(64),
    replaces: null,
    prompt: 'Be careful.',
    skills: [],
    bottle: {
      name: 'dev',
      env: {},
      agentProvider: {
        template: 'command',
        dockerfile: null,
        authToken: null,
        forwardHostCredentials: false,
        command: ['sh'],
        settings: null,
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
      ...bottle,
    },
    ...changes,
  };
}
