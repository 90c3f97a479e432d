import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditEvent } from '@bot-bottle/audit';
import { gateSlots } from '@bot-bottle/git-gate';
import type { GitGateConfigInput, PushPolicy } from '@bot-bottle/git-gate';
import type { Decision, PushRequest } from '@bot-bottle/supervise';
import { createGitGateServer } from '../../src/git-gate-server.ts';
import type { GitGateServer } from '../../src/git-gate-server.ts';
import { gitAt } from './bare-repo.ts';
import { findProgram } from './required.ts';
import { readRefs, refFormat } from './sshd.ts';
import type { Upstream } from './sshd.ts';

/** Absolute path of the real gitleaks, null when it is not installed. */
export const gitleaks = findProgram('gitleaks');

type GateRepoInput = GitGateConfigInput['repos'][number];

export interface DeclaredRepo {
  /** name at the gate */
  readonly name: string;
  /** name at the upstream; default: the same */
  readonly upstreamName?: string;
  readonly push?: Partial<GateRepoInput['push']>;
  /** for what a test breaks on purpose */
  readonly more?: Partial<GateRepoInput>;
}

export interface GateOptions {
  readonly upstream: Upstream;
  readonly repos: readonly DeclaredRepo[];
  /** default builtin */
  readonly scanner?: GitGateConfigInput['scanner'];
  /** another gitleaks; null: none */
  readonly gitleaks?: string | null;
  /** default: nobody can be asked */
  readonly supervise?: boolean;
  readonly limits?: GitGateConfigInput['limits'];
  /** variable → value that must not be pushed */
  readonly envSecrets?: Readonly<Record<string, string>>;
  readonly canary?: string;
  /** token that clients must give */
  readonly accessToken?: string;
  readonly programs?: Partial<GitGateConfigInput['programs']>;
}

export interface Proposed {
  readonly id: string;
  readonly request: PushRequest;
}

/** The gate of this package on a loopback port, and everything that it reports. */
export interface Gate {
  readonly port: number;
  /** `http://127.0.0.1:port` */
  readonly origin: string;
  readonly server: GitGateServer;
  readonly folder: string;
  readonly events: AuditEvent[];
  readonly proposals: Proposed[];
  readonly logs: unknown[];
  /** `http://127.0.0.1:port/name.git` */
  readonly url: (name: string) => string;
  /** Resolves with the n-th proposal (from 0) as soon as it is there. */
  readonly proposal: (index: number) => Promise<Proposed>;
  readonly decide: (decision: Decision) => Promise<unknown>;
  /** Refs of the mirror on disk, as no client sees them; null before the first refresh. */
  readonly mirrorRefs: (name: string) => Promise<Map<string, string> | null>;
  readonly close: () => Promise<void>;
}

/** The policy of a manifest that says nothing. */
export const defaultPolicy = {
  branches: ['**'],
  protect_default: true,
  force: false,
  delete: false,
  tags: false,
  approve: 'on_finding',
  max_bytes: 2 * 1024 ** 3,
  protected_paths: null,
} satisfies PushPolicy;

export function declaredRepo(upstream: Upstream, repo: DeclaredRepo): GateRepoInput {
  const at = repo.upstreamName ?? repo.name;
  return {
    name: repo.name,
    url: upstream.repoUrl(at),
    user: upstream.user,
    host: upstream.host,
    port: upstream.port,
    path: upstream.repoPath(at),
    host_key: upstream.hostKey,
    key_slot: 'GIT_GATE_KEY_0',
    push: { ...defaultPolicy, ...repo.push },
    ...repo.more,
  };
}

/** What the launcher sends: configuration and, apart from it, the secrets. */
export function gateInput(
  options: GateOptions,
  folder: string,
  listen = '127.0.0.1:0',
): { config: GitGateConfigInput; secrets: Record<string, string> } {
  const variables = Object.entries(options.envSecrets ?? {});
  const git = findProgram('git');
  const ssh = findProgram('ssh');
  if (git === null || ssh === null) throw new Error('git and ssh are needed');
  return {
    config: {
      bottle: 'test-bottle',
      listen,
      root: join(folder, 'root'),
      key_dir: join(folder, 'keys'),
      programs: {
        git,
        ssh,
        gitleaks: options.gitleaks === undefined ? gitleaks : options.gitleaks,
        ...options.programs,
      },
      scanner: options.scanner ?? 'builtin',
      supervise: options.supervise ?? false,
      repos: options.repos.map((repo) => declaredRepo(options.upstream, repo)),
      env_secrets: Object.fromEntries(variables.map(([name], index) => [`GIT_GATE_SECRET_${index}`, name])),
      limits: options.limits ?? {},
    },
    secrets: {
      GIT_GATE_KEY_0: options.upstream.clientKey,
      ...Object.fromEntries(variables.map(([, value], index) => [`GIT_GATE_SECRET_${index}`, value])),
      ...(options.canary === undefined ? {} : { [gateSlots.canary]: options.canary }),
      ...(options.accessToken === undefined ? {} : { [gateSlots.accessToken]: options.accessToken }),
    },
  };
}

/** Starts the gate in this process. */
export async function startGate(options: GateOptions): Promise<Gate> {
  const folder = await mkdtemp('/tmp/git-gate-');
  const events: AuditEvent[] = [];
  const proposals: Proposed[] = [];
  const waiting: Array<() => void> = [];
  const logs: unknown[] = [];
  const { config, secrets } = gateInput(options, folder);
  const server = createGitGateServer({
    config,
    secrets,
    audit: async (event) => void events.push(event),
    propose: async (request) => {
      const id = proposals.length.toString(36).padStart(16, '0');
      proposals.push({ id, request });
      for (const wake of waiting.splice(0)) wake();
      return { id };
    },
    log: (record) => void logs.push(record),
  });
  const [address = ''] = await server.listen();
  const port = Number(address.slice(address.lastIndexOf(':') + 1));
  const origin = `http://127.0.0.1:${port}`;
  return {
    port,
    origin,
    server,
    folder,
    events,
    proposals,
    logs,
    url: (name) => `${origin}/${name}.git`,
    proposal: async (index) => {
      for (;;) {
        const found = proposals[index];
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    decide: async (decision) => await server.decide(decision),
    mirrorRefs: async (name) => {
      const path = join(folder, 'root', `${name}.git`);
      return existsSync(path) ? readRefs(await gitAt(path, ['for-each-ref', refFormat])) : null;
    },
    close: async () => {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
