import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { AuditEvent } from '@bot-bottle/audit';
import {
  createCredentialPins,
  createLeafMinter,
  egressConfigSchema,
  monotonicClock,
  secretSlots,
} from '@bot-bottle/egress';
import type { EgressConfig, EgressConfigInput } from '@bot-bottle/egress';
import { ProtocolError } from '@bot-bottle/sidecar-protocol';
import { limitLog, listenOn, parseListen } from '@bot-bottle/sidecar-protocol/program';
import type { ListenAddress, LogRecord } from '@bot-bottle/sidecar-protocol/program';
import { serveProxyConnection } from './agent/proxy-connection.ts';
import { EgressServerError } from './errors.ts';
import { Holds } from './hold/holds.ts';
import type { Propose } from './hold/holds.ts';
import { ByteBudget } from './limits/byte-budget.ts';
import { HeldBudget } from './limits/held-budget.ts';
import { Sweeper } from './limits/sweeper.ts';
import { within } from './limits/within.ts';
import { PolicyState } from './policy/policy-state.ts';
import { Exchanges } from './request/exchanges.ts';
import { bareDenial } from './response/http-text.ts';
import type { ServerContext } from './server-context.ts';
import { createRouting } from './upstream/create-routing.ts';

export interface EgressServerOptions {
  readonly config: EgressConfigInput;
  /** secret values by slot; the CA key is in `EGRESS_CA_KEY` */
  readonly secrets: Readonly<Record<string, string>>;
  /** resolves when the event is safely recorded; a rejection lets nothing pass */
  readonly audit: (event: AuditEvent) => Promise<void>;
  /** takes the records that `config.log` asks for */
  readonly log: (record: LogRecord) => void;
  /**
   * Puts a request that DLP holds before a human, a `dlp-hold` of `@bot-bottle/supervise`; resolves with `{id}` as soon
   * as it was taken. Absent, or `config.supervise` false: there is nobody to ask, and what would be held is blocked.
   */
  readonly propose?: Propose;
  /** milliseconds since the epoch, from a clock that does not jump */
  readonly now?: () => number;
}

export interface EgressServer {
  /** Starts to listen and gives the addresses, `host:port` or `unix:/path`. */
  listen(): Promise<string[]>;
  /** Takes a whole new table into force and gives its digest; throws `EgressError` and keeps the old one. */
  setTable(table: unknown): string;
  /** Replaces the given secrets; requests in flight keep theirs. */
  setSecrets(secrets: Readonly<Record<string, string>>): void;
  /**
   * Takes the answer to a proposal, a `Decision` of `@bot-bottle/supervise`. Rejects with `ProtocolRefusal` when it is
   * none, or none to a question that is open.
   */
  decide(decision: unknown): Promise<void>;
  /** digest of the table in force */
  readonly digest: string;
  /** Stops accepting, lets what is in flight end within `limits.drain_ms`, cuts the rest. */
  close(): Promise<void>;
}

const REVIEW_MS = 1_000;
/** How long a request may wait for the shared memory budget. */
const HELD_WAIT_MS = 10_000;
/** How long a launcher may take to take a question. */
const ASK_MS = 10_000;
/** How long a request may wait until its event is recorded. */
const AUDIT_MS = 10_000;
const DENIAL_LEAVES = 64;
/** Whoever stops us kills us after 8 s (chapter 10). */
const MAX_DRAIN_MS = 7_000;
/** What the first request would wait for is done this long after the start: a short program needs none of it. */
const PREPARE_MS = 1_000;
/** How long last answers may take to reach agents that do not close their side. */
const FLUSH_MS = 500;

/**
 * Creates the egress proxy of one bottle. Nothing listens before `listen`.
 *
 * @throws EgressServerError `invalid_config` with every problem; `EgressError` for a table or CA that cannot be used
 */
export function createEgressServer(options: EgressServerOptions): EgressServer {
  const config = parseConfig(options.config);
  const address = parseAddress(config.listen);
  const policy = new PolicyState(config, options.secrets);
  const key = policy.secrets.get(secretSlots.caKey);
  if (key === null) throw problem(`the secret ${secretSlots.caKey} is missing`);
  const authority = { cert: config.ca.cert, key };
  const connections = new Set<Socket>();
  let draining = false;
  const sweeper = new Sweeper(
    Math.max(20, Math.min(500, config.limits.first_byte_ms / 4, config.limits.idle_ms / 4)),
  );
  const auditMs = Math.min(AUDIT_MS, config.limits.idle_ms);
  const context: ServerContext = {
    config,
    policy,
    pins: createCredentialPins(),
    now: options.now ?? monotonicClock(config.now ?? undefined),
    // async, so that what an audit of somebody else's throws is a rejection too
    audit: async (event) => within(options.audit(event), auditMs, sweeper),
    log: limitLog(config.log, options.log),
    sweeper,
    held: new HeldBudget(config.limits.held_bytes, Math.min(HELD_WAIT_MS, config.limits.idle_ms)),
    bytes: new ByteBudget(config.budget),
    routing: createRouting(config, policy.secrets, sweeper),
    exchanges: new Exchanges(REVIEW_MS),
    holds: new Holds({
      propose: config.supervise ? (options.propose ?? null) : null,
      approved: config.dlp_approved,
      sweeper,
      askMs: ASK_MS,
    }),
    leaves: createLeafMinter(authority),
    denialLeaves: createLeafMinter(authority, { limit: DENIAL_LEAVES }),
    readers: new Set(),
    counters: { denialTunnels: 0 },
    isDraining: () => draining,
  };
  const server = createServer({ noDelay: true, keepAlive: true }, (socket) =>
    accept(context, connections, socket),
  );
  server.on('error', () => context.log(0, { event: 'listener_failed' }));
  let preparing: NodeJS.Timeout | undefined;
  return {
    async listen() {
      const bound = await listenOn(server, address).catch(() => {
        throw new EgressServerError('listen_failed', 'cannot listen on the configured address');
      });
      context.log(0, { event: 'listening', address: bound, digest: policy.digest });
      preparing = setTimeout(() => context.routing.prepare(), PREPARE_MS).unref();
      return [bound];
    },
    setTable(table) {
      const digest = policy.setTable(table);
      context.exchanges.review();
      context.log(0, { event: 'table', digest });
      return digest;
    },
    setSecrets: (secrets) => policy.setSecrets(secrets),
    decide: (decision) => context.holds.decide(decision),
    get digest() {
      return policy.digest;
    },
    async close() {
      if (draining) return;
      draining = true;
      clearTimeout(preparing);
      const stopped = stopListening(server);
      context.holds.close();
      for (const reader of context.readers) if (reader.idle) reader.finish('');
      await context.exchanges.drain(Math.min(config.limits.drain_ms, MAX_DRAIN_MS));
      await emptied(connections, FLUSH_MS);
      for (const socket of connections) socket.destroy();
      context.sweeper.stop();
      context.routing.destroy();
      await stopped;
      context.log(0, { event: 'stopped' });
    },
  };
}

function accept(context: ServerContext, connections: Set<Socket>, socket: Socket): void {
  socket.on('error', () => undefined);
  if (connections.size >= context.config.limits.tunnels) {
    const answer = bareDenial({ layer: 'egress', code: 'limit_exceeded', target: 'proxy' });
    socket.end(answer, () => socket.destroy());
    return;
  }
  connections.add(socket);
  socket.once('close', () => connections.delete(socket));
  serveProxyConnection(context, socket, () => socket.destroy());
}

function emptied(connections: ReadonlySet<Socket>, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      for (const socket of connections) socket.off('close', check);
      resolve();
    };
    const check = () => {
      // the listener that removes a socket from the set was added first
      if (connections.size === 0) end();
    };
    const timer = setTimeout(end, limitMs);
    for (const socket of connections) socket.on('close', check);
    check();
  });
}

function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) resolve();
    else server.close(() => resolve());
  });
}

function parseConfig(input: EgressConfigInput): EgressConfig {
  const parsed = egressConfigSchema.safeParse(input);
  if (parsed.success) {
    const { guard, upstream_proxy: proxy } = parsed.data;
    if (guard !== null && proxy !== null)
      throw problem('guard: pipelock cannot go on through upstream_proxy');
    return parsed.data;
  }
  const problems = parsed.error.issues.map(
    (issue) => `${issue.path.join('.') || 'config'}: ${issue.message}`,
  );
  throw new EgressServerError('invalid_config', `invalid configuration: ${problems.join('; ')}`, problems);
}

function parseAddress(listen: string): ListenAddress {
  try {
    return parseListen(listen);
  } catch (error) {
    throw ProtocolError.isInstance(error) ? problem(error.message) : error;
  }
}

function problem(text: string): EgressServerError {
  return new EgressServerError('invalid_config', text, [text]);
}
