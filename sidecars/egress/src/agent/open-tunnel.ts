import type { Socket } from 'node:net';
import { decideConnect, sniffTunnel } from '@bot-bottle/egress';
import type { DenyDecision, Via } from '@bot-bottle/egress';
import { describeConnect } from '../request/describe-request.ts';
import type { ServerContext } from '../server-context.ts';
import { AgentConnection } from './agent-connection.ts';
import { firstBytes } from './first-bytes.ts';
import { terminateTls } from './terminate-tls.ts';

/** Longest wait for a complete handshake and for the one head of a denied tunnel. */
const HANDSHAKE_MS = 10_000;
const DENIED_MS = 5_000;

export interface Tunnel {
  readonly host: string;
  readonly port: number;
  /** why the host is refused, null when it is declared */
  readonly denied: DenyDecision | null;
  /** plaintext is expected besides on port 80 */
  readonly plaintext: boolean;
}

/**
 * Carries on after a CONNECT was answered: terminates TLS towards the agent, or reads plaintext where that is
 * allowed. A denied tunnel gets the same, with a short time limit: its request is refused by the ordinary decision,
 * inside, where the agent can read why.
 */
export async function openTunnel(
  server: ServerContext,
  socket: Socket,
  tunnel: Tunnel,
  onClosed: () => void,
): Promise<void> {
  const { host, port, denied } = tunnel;
  // made while the agent says hello; whoever needs it is told when that fails
  if (denied === null && !tunnel.plaintext) server.leaves.leaf(host).catch(() => undefined);
  const limit = denied === null ? server.config.limits.first_byte_ms : DENIED_MS;
  const first = await firstBytes(socket, limit);
  if (first === null) {
    end(server, socket, tunnel, onClosed);
    return;
  }
  switch (sniffTunnel(first)) {
    case 'tls':
      await serveTls(server, socket, tunnel, onClosed);
      return;
    case 'http':
      if (port === 80 || tunnel.plaintext) {
        serve(server, socket, { kind: 'tunnel', host, port, tls: false, sni: null }, tunnel, onClosed);
        return;
      }
      break;
    case 'more':
    case 'opaque':
      break;
  }
  const connection = new AgentConnection(
    server,
    socket,
    { kind: 'tunnel', host, port, tls: false, sni: null },
    { onClosed },
  );
  connection.refuse('opaque_tunnel', 'The tunnel carries neither TLS nor, on port 80, HTTP.');
}

async function serveTls(
  server: ServerContext,
  socket: Socket,
  tunnel: Tunnel,
  onClosed: () => void,
): Promise<void> {
  const leaves = tunnel.denied === null ? server.leaves : server.denialLeaves;
  try {
    const { context } = await leaves.leaf(tunnel.host);
    const done = await terminateTls(socket, context, tunnel.denied === null ? HANDSHAKE_MS : DENIED_MS);
    if (done !== null) {
      const via: Via = { kind: 'tunnel', host: tunnel.host, port: tunnel.port, tls: true, sni: done.sni };
      serve(server, done.socket, via, tunnel, onClosed);
      return;
    }
  } catch {
    server.log(1, { event: 'certificate_failed' });
  }
  end(server, socket, tunnel, onClosed);
}

function serve(server: ServerContext, socket: Socket, via: Via, tunnel: Tunnel, onClosed: () => void): void {
  if (socket.destroyed) {
    end(server, socket, tunnel, onClosed);
    return;
  }
  const { denied, host, port } = tunnel;
  if (denied === null) {
    new AgentConnection(server, socket, via, { onClosed });
    return;
  }
  let asked = false;
  // one head, and not for long: nothing but a denial is ever said here
  const timer = setTimeout(() => socket.destroy(), DENIED_MS);
  timer.unref();
  new AgentConnection(server, socket, via, {
    admit: () => {
      asked = true;
      // a human may have allowed the host meanwhile; then this is an ordinary tunnel
      if (decideConnect(server.policy.table, host, port, server.now()).kind === 'allow') clearTimeout(timer);
      return true;
    },
    onClosed: () => {
      clearTimeout(timer);
      onClosed();
      if (!asked) recordUnasked(server, denied, host, port);
    },
  });
}

/** The agent gave up before it said what it wanted; a refused host is an event all the same. */
function end(
  server: ServerContext,
  socket: Socket,
  { denied, host, port }: Tunnel,
  onClosed: () => void,
): void {
  socket.destroy();
  onClosed();
  if (denied !== null) recordUnasked(server, denied, host, port);
}

function recordUnasked(server: ServerContext, denied: DenyDecision, host: string, port: number): void {
  const target = describeConnect(host, port, server.policy.leaks());
  server
    .audit({
      layer: 'egress',
      action: 'connect',
      outcome: 'denied',
      code: denied.code,
      target,
      rule: denied.rule,
      details: {},
    })
    .catch(() => server.log(0, { event: 'audit_failed' }));
  server.log(1, { event: 'denied', code: denied.code, target, rule: denied.rule });
}
