import type { Server } from 'node:http';
import type { AuditEvent } from '@bot-bottle/audit';
import { gateSlots } from '@bot-bottle/git-gate';
import type { GitGateConfigInput } from '@bot-bottle/git-gate';
import { ProtocolRefusal } from '@bot-bottle/sidecar-protocol';
import { limitLog, listenOn } from '@bot-bottle/sidecar-protocol/program';
import type { LogRecord } from '@bot-bottle/sidecar-protocol/program';
import { decisionSchema } from '@bot-bottle/supervise';
import type { PushRequest } from '@bot-bottle/supervise';
import { GitGateServerError } from './errors.ts';
import { checkConfig } from './gate-config.ts';
import { decideHeld } from './held/decide-held.ts';
import { HeldPushes } from './held/held-pushes.ts';
import { createHttpServer } from './http/create-http-server.ts';
import { handleRequest } from './http/handle-request.ts';
import { openRepos } from './open-repos.ts';
import type { RepoService } from './repo-service.ts';
import { SecretStore } from './secret-store.ts';

export interface GitGateServerOptions {
  readonly config: GitGateConfigInput;
  /** secret values by slot */
  readonly secrets: Readonly<Record<string, string>>;
  /** resolves when the event is safely recorded; a rejection lets nothing pass */
  readonly audit: (event: AuditEvent) => Promise<void>;
  /** puts a proposal before a human and resolves with `{id}` once it is taken; a `ProtocolRefusal` is told on */
  readonly propose: (request: PushRequest) => Promise<unknown>;
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
    const ending = Promise.all([held.close(), ...active]);
    await within(ending, DRAIN_MS);
    stopping.abort();
    await within(ending, DRAIN_MS / 2);
    server.closeAllConnections();
    await Promise.all([...repos.values()].map(({ mirror }) => mirror.close()));
    log(0, { event: 'stopped' });
  };
  return {
    async listen() {
      const repos = new Map<string, RepoService>();
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
      const { audit } = options;
      await openRepos(repos, { config, secrets, held, log, stopping: stopping.signal, audit });
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
