import type { AuditEvent } from '@bot-bottle/audit';
import { listenOn } from '@bot-bottle/sidecar-protocol/program';
import type { LogRecord } from '@bot-bottle/sidecar-protocol/program';
import { superviseSlots } from '@bot-bottle/supervise';
import type { SuperviseConfig, SuperviseConfigInput } from '@bot-bottle/supervise';
import { checkConfig } from './check-config.ts';
import type { SuperviseBackend } from './contracts.ts';
import { SuperviseServerError } from './errors.ts';
import { createHttpServer } from './http/create-http-server.ts';
import { handleRequest } from './http/handle-request.ts';
import type { LoadMcp } from './http/handle-request.ts';
import { CallLimit } from './limits/call-limit.ts';
import { ErrorLog } from './limits/error-log.ts';
import { Slots } from './limits/slots.ts';
import { within } from './limits/within.ts';

export interface SuperviseServerOptions {
  readonly config: SuperviseConfigInput;
  /** secret values by slot */
  readonly secrets: Readonly<Record<string, string>>;
  /** whoever keeps the proposals and knows the routes */
  readonly backend: (config: SuperviseConfig) => SuperviseBackend;
  /** resolves when the event is safely recorded; a rejection lets no call pass */
  readonly audit: (event: AuditEvent) => Promise<void>;
  readonly log: (record: LogRecord) => void;
}

export interface SuperviseServer {
  /** Starts to listen and gives the addresses, `host:port` or `unix:/path`. */
  listen(): Promise<string[]>;
  /**
   * Replaces all secrets.
   *
   * @throws SuperviseServerError `invalid_config`
   */
  setSecrets(secrets: Readonly<Record<string, string>>): void;
  /** Stops accepting, lets what is in flight end within 5 s, cuts the rest. What waits for a human is told `pending`. */
  close(): Promise<void>;
}

/** Whoever stops us kills us after 8 s (chapter 10). */
const DRAIN_MS = 5000;

/**
 * Creates the MCP server of one bottle. Nothing listens before `listen`.
 *
 * @throws SuperviseServerError `invalid_config` with every problem
 */
export function createSuperviseServer(options: SuperviseServerOptions): SuperviseServer {
  const { config, address } = checkConfig(options.config, options.secrets);
  const { limits } = config;
  const { log, audit } = options;
  const stopping = new AbortController();
  const active = new Set<Promise<void>>();
  const errors = new ErrorLog(log);
  const onError = (error: unknown): void => errors.note(error);
  let token = options.secrets[superviseSlots.accessToken] ?? null;
  let closing: Promise<void> | null = null;

  const handler = {
    config,
    accessToken: () => token,
    isDraining: () => closing !== null,
    requests: new Slots(limits.connections),
    mcp: lazyMcp(options.backend(config)),
    audit,
    onError,
  };
  const server = createHttpServer({
    idleMs: limits.idle_ms,
    connections: limits.connections,
    handle: (request, response) => {
      const served = handleRequest(handler, request, response);
      active.add(served);
      void served.finally(() => active.delete(served));
    },
  });

  /** The SDK takes longer to evaluate than everything else here, and a bottle starts without it. */
  function lazyMcp(backend: SuperviseBackend): LoadMcp {
    let loaded: ReturnType<LoadMcp> | null = null;
    const context = {
      backend,
      dockerfile: config.dockerfile,
      waiting: new Slots(limits.waiting),
      responseMs: config.response_timeout_seconds * 1000,
      queryMs: limits.query_ms,
    };
    const calls = new CallLimit(limits.calls_per_minute);
    return () =>
      (loaded ??= import('./mcp/create-mcp.ts').then(({ createMcp }) =>
        createMcp({ tools: config.tools, context, calls, audit, onError, stopping: stopping.signal }),
      ));
  }

  const close = async (): Promise<void> => {
    const ended = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    stopping.abort();
    await within(Promise.all(active), DRAIN_MS, () => undefined);
    server.closeAllConnections();
    await ended;
    log({ event: 'stopped' });
  };
  return {
    async listen() {
      server.on('error', () => log({ event: 'listener_failed' }));
      const bound = await listenOn(server, address).catch((cause: unknown) => {
        throw new SuperviseServerError('listen_failed', 'cannot listen on the configured address', { cause });
      });
      log({ event: 'listening', address: bound, tools: config.tools.join(' ') });
      return [bound];
    },
    setSecrets(next) {
      checkConfig(options.config, next);
      token = next[superviseSlots.accessToken] ?? null;
    },
    close: () => (closing ??= close()),
  };
}
