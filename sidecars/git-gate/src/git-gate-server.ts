import { mkdir } from 'node:fs/promises';
import type { Server } from 'node:http';
import { join } from 'node:path';
import type { AuditEvent } from '@bot-bottle/audit';
import { gateSlots } from '@bot-bottle/git-gate';
import type { GateRepo, GitGateConfig, GitGateConfigInput } from '@bot-bottle/git-gate';
import { ProtocolRefusal } from '@bot-bottle/sidecar-protocol';
import { limitLog, listenOn } from '@bot-bottle/sidecar-protocol/program';
import type { Log, LogRecord } from '@bot-bottle/sidecar-protocol/program';
import { decisionSchema } from '@bot-bottle/supervise';
import type { ProposalRequest } from '@bot-bottle/supervise';
import type { PushScanner } from './contracts.ts';
import { GitGateServerError } from './errors.ts';
import { checkConfig } from './gate-config.ts';
import { createGit } from './git/create-git.ts';
import { decideHeld } from './held/decide-held.ts';
import { HeldPushes } from './held/held-pushes.ts';
import { createHttpServer } from './http/create-http-server.ts';
import { handleRequest } from './http/handle-request.ts';
import { createMirror } from './mirror/create-mirror.ts';
import { installHooks } from './push/hooks.ts';
import { recorded } from './push/push-events.ts';
import type { RepoService } from './repo-service.ts';
import { createPushScanner } from './scan/create-push-scanner.ts';
import { createTouchedPaths } from './scan/touched-paths.ts';
import { SecretStore } from './secret-store.ts';

export interface GitGateServerOptions {
  readonly config: GitGateConfigInput;
  /** secret values by slot */
  readonly secrets: Readonly<Record<string, string>>;
  /** resolves when the event is safely recorded; a rejection lets nothing pass */
  readonly audit: (event: AuditEvent) => Promise<void>;
  /** puts a proposal before a human and resolves with `{id}` once it is taken; a `ProtocolRefusal` is told on */
  readonly propose: (request: ProposalRequest) => Promise<unknown>;
  readonly log: (record: LogRecord) => void;
}

export interface GitGateServer {
  /** Opens the mirrors, starts to listen and gives the addresses, `host:port` or `unix:/path`. */
  listen(): Promise<string[]>;
  /** Replaces all secrets; what is in flight keeps its own. */
  setSecrets(secrets: Readonly<Record<string, string>>): Promise<void>;
  /**
   * Applies a human's decision on a held push; resolves when it was forwarded or dropped.
   *
   * @throws ProtocolRefusal with the reason: the push stays held
   */
  decide(decision: unknown): Promise<void>;
  /** Stops accepting, lets what is in flight end within 5 s, cuts the rest, drops what is held. */
  close(): Promise<void>;
}

/** Whoever stops us kills us after 8 s (chapter 10); closing the mirrors takes the rest. */
const DRAIN_MS = 5_000;
const CONNECTIONS = 512;

interface Running {
  readonly repos: ReadonlyMap<string, RepoService>;
  readonly server: Server;
}

/**
 * Creates the git gate of one bottle. Nothing listens before `listen`.
 *
 * @throws GitGateServerError `invalid_config` with every problem
 */
export function createGitGateServer(options: GitGateServerOptions): GitGateServer {
  const { config, address } = checkConfig(options.config, options.secrets);
  const secrets = new SecretStore(options.secrets, config.env_secrets);
  const log = limitLog(1, options.log);
  const held = new HeldPushes({ limit: config.limits.held, propose: options.propose });
  const stopping = new AbortController();
  const active = new Set<Promise<void>>();
  let running: Running | null = null;
  let closing: Promise<void> | null = null;

  const close = async (): Promise<void> => {
    if (running === null) return;
    const { repos, server } = running;
    server.close();
    await held.close();
    await within(Promise.all(active), DRAIN_MS);
    stopping.abort();
    await within(Promise.all(active), DRAIN_MS / 2);
    server.closeAllConnections();
    await Promise.all([...repos.values()].map(({ mirror }) => mirror.close()));
    log(0, { event: 'stopped' });
  };
  return {
    async listen() {
      const repos = await openRepos({
        config,
        secrets,
        held,
        log,
        stopping: stopping.signal,
        audit: options.audit,
      });
      const server = createHttpServer({
        idleMs: config.limits.idle_seconds * 1000,
        connections: CONNECTIONS,
        handle: (request, response) => {
          const served = handleRequest(
            {
              repos,
              accessToken: () => secrets.get(gateSlots.accessToken),
              isDraining: () => closing !== null,
              stopping: stopping.signal,
              log,
            },
            request,
            response,
          );
          active.add(served);
          void served.finally(() => active.delete(served));
        },
      });
      server.on('error', () => log(0, { event: 'listener_failed' }));
      running = { repos, server };
      const bound = await listenOn(server, address).catch((cause: unknown) => {
        throw new GitGateServerError('listen_failed', 'cannot listen on the configured address', { cause });
      });
      log(0, { event: 'listening', address: bound, repositories: repos.size });
      return [bound];
    },
    async setSecrets(next) {
      checkConfig(options.config, next);
      secrets.replace(next);
      for (const { mirror, repo } of running?.repos.values() ?? [])
        await mirror.setKey(secrets.get(repo.key_slot));
    },
    async decide(raw) {
      const parsed = decisionSchema.safeParse(raw);
      if (!parsed.success) throw new ProtocolRefusal('the decision is not one');
      const found = closing === null ? await held.byProposal(parsed.data.proposal) : null;
      if (found === null) throw new ProtocolRefusal('no push is held for this proposal');
      await decideHeld(found, parsed.data);
    },
    close: () => (closing ??= close()),
  };
}

interface Parts {
  readonly config: GitGateConfig;
  readonly secrets: SecretStore;
  readonly held: HeldPushes;
  readonly log: Log;
  readonly stopping: AbortSignal;
  readonly audit: GitGateServerOptions['audit'];
}

async function openRepos(parts: Parts): Promise<Map<string, RepoService>> {
  const { root, key_dir: keyDir } = parts.config;
  const [home, hooks] = [join(root, '.home'), join(root, '.hooks')];
  for (const folder of [root, keyDir, home]) await mkdir(folder, { recursive: true, mode: 0o700 });
  await installHooks(hooks);
  const repos = new Map<string, RepoService>();
  for (const repo of parts.config.repos) repos.set(repo.name, await openRepo(parts, repo, { home, hooks }));
  return repos;
}

async function openRepo(
  parts: Parts,
  repo: GateRepo,
  { home, hooks }: { readonly home: string; readonly hooks: string },
): Promise<RepoService> {
  const { config, secrets, log } = parts;
  const { limits, programs } = config;
  const gitOptions = { git: programs.git, home };
  const git = createGit(gitOptions);
  const mirror = await createMirror({
    repo,
    git,
    ssh: programs.ssh,
    root: config.root,
    keyDir: config.key_dir,
    key: secrets.get(repo.key_slot),
    limits,
    log,
  });
  const scratchDir = join(mirror.workDir, 'scan');
  await mkdir(scratchDir, { recursive: true, mode: 0o700 });
  return {
    repo,
    mirror,
    git,
    gitOptions,
    hooks,
    limits,
    supervise: config.supervise,
    // made anew for each push, with the secrets in force
    scanner: (): PushScanner =>
      createPushScanner({
        git,
        mirrorView: { gitDir: mirror.gitDir, objects: null, alternates: [] },
        gitleaks: programs.gitleaks,
        mode: config.scanner,
        knownSecrets: secrets.knownSecrets(),
        canary: secrets.canary(),
        scratchDir,
        timeoutMs: limits.transfer_seconds * 1000,
        log,
      }),
    touchedPaths: createTouchedPaths({ git }),
    held: parts.held,
    audit: (event) => recorded(parts.audit({ layer: 'git-gate', ...event })),
    log,
    stopping: parts.stopping,
    active: 0,
  };
}

async function within(work: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([
    work,
    new Promise((resolve) => {
      timer = setTimeout(resolve, limitMs);
    }),
  ]);
  clearTimeout(timer);
}
