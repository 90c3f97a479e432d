import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { BareRepoOptions } from './bare-repo.ts';
import { createClient } from './client.ts';
import type { Client, ClientOptions } from './client.ts';
import { startGate } from './gate.ts';
import type { DeclaredRepo, Gate, GateOptions } from './gate.ts';
import { createUpstream } from './sshd.ts';
import type { Upstream, UpstreamOptions } from './sshd.ts';

export interface SceneRepo extends Omit<DeclaredRepo, 'upstreamName'> {
  readonly at?: BareRepoOptions;
}

export interface SceneOptions extends Omit<GateOptions, 'upstream' | 'repos'> {
  /** default: one, named `project` */
  readonly repos?: readonly SceneRepo[];
  readonly client?: ClientOptions;
}

/** A gate before a real upstream, and a client that is configured as a bottle is. */
export interface Scene {
  readonly upstream: Upstream;
  readonly gate: Gate;
  readonly client: Client;
  /** name at the upstream of a repository of this scene */
  readonly at: (name?: string) => string;
  /** URL as a project writes it; git takes the gate instead */
  readonly sshUrl: (name?: string) => string;
  /** Refs at the upstream. */
  readonly refs: (name?: string) => Promise<Map<string, string>>;
  /** Another client of the same gate. */
  readonly newClient: (options?: ClientOptions) => Promise<Client>;
}

export interface Scenes {
  readonly open: (options?: SceneOptions) => Promise<Scene>;
  readonly upstream: () => Upstream;
}

/**
 * Scenes of a test file over one upstream. After every test the mirror of each repository of its scenes must have
 * exactly the branches and tags of the upstream, read from the disk of both.
 */
export function useScenes(upstreamOptions: UpstreamOptions = {}): Scenes {
  let server: Upstream | null = null;
  let count = 0;
  const open: Array<{ gate: Gate; clients: Client[]; names: ReadonlyMap<string, string> }> = [];
  const upstream = (): Upstream => {
    if (server === null) throw new Error('the upstream has not started');
    return server;
  };
  beforeAll(async () => {
    server = await createUpstream(upstreamOptions);
  });
  afterAll(async () => await server?.stop());
  afterEach(async () => {
    const scenes = open.splice(0);
    try {
      for (const { gate, names } of scenes) {
        for (const [name, at] of names) await expectSameRefs(gate, name, upstream(), at);
      }
    } finally {
      for (const { gate, clients } of scenes) {
        for (const client of clients) await client.remove();
        await gate.close();
      }
    }
  });
  return {
    upstream,
    open: async (options = {}) => {
      count += 1;
      const prefix = `scene-${count}`;
      const repos = options.repos ?? [{ name: 'project' }];
      const names = new Map(repos.map(({ name }) => [name, `${prefix}-${name}`]));
      const at = (name = 'project'): string => names.get(name) ?? `${prefix}-${name}`;
      for (const repo of repos) await upstream().addRepo(at(repo.name), repo.at);
      const { client: clientOptions, ...gateOptions } = options;
      const gate = await startGate({
        ...gateOptions,
        upstream: upstream(),
        repos: repos.map((repo) => ({
          name: repo.name,
          upstreamName: at(repo.name),
          ...(repo.push === undefined ? {} : { push: repo.push }),
          ...(repo.more === undefined ? {} : { more: repo.more }),
        })),
      });
      const sshUrl = (name?: string): string => upstream().repoUrl(at(name));
      const insteadOf = Object.fromEntries(repos.map(({ name }) => [sshUrl(name), gate.url(name)]));
      const clients: Client[] = [];
      open.push({ gate, clients, names });
      const newClient = async (more: ClientOptions = {}): Promise<Client> => {
        const client = await createClient({ ...more, insteadOf: { ...insteadOf, ...more.insteadOf } });
        clients.push(client);
        return client;
      };
      return {
        upstream: upstream(),
        gate,
        client: await newClient(clientOptions),
        at,
        sshUrl,
        refs: (name) => upstream().refs(at(name)),
        newClient,
      };
    },
  };
}

async function expectSameRefs(gate: Gate, name: string, upstream: Upstream, at: string): Promise<void> {
  const path = upstream.repoPath(at);
  // a repository that nobody asked for has not been fetched
  if (!(await upstream.commands()).some((command) => command.includes(path))) return;
  const mirror = (await gate.mirrorRefs(name)) ?? new Map<string, string>();
  const there = [...(await upstream.refs(at))].filter(([ref]) => /^refs\/(?:heads|tags)\//.test(ref));
  expect(Object.fromEntries(mirror), `mirror of ${name}`).toEqual(Object.fromEntries(there));
}
