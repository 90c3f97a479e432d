import type { Socket } from 'node:net';
import { denials } from '@bot-bottle/audit';
import type { DenialCode } from '@bot-bottle/audit';
import { decideConnect, secretSlots } from '@bot-bottle/egress';
import type { RequestHead } from '@bot-bottle/egress';
import { describeConnect } from '../request/describe-request.ts';
import { bareDenial } from '../response/http-text.ts';
import type { ServerContext } from '../server-context.ts';
import { AgentConnection } from './agent-connection.ts';
import { hasAccess } from './check-access.ts';
import { openTunnel } from './open-tunnel.ts';

const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';

/** Serves one connection to the proxy's listener. `onClosed` is called once, when it and its tunnel are gone. */
export function serveProxyConnection(server: ServerContext, socket: Socket, onClosed: () => void): void {
  let tunnelled = false;
  const closed = () => {
    if (!tunnelled) onClosed();
  };
  new AgentConnection(
    server,
    socket,
    { kind: 'proxy' },
    {
      onClosed: closed,
      admit: (head, connection) => {
        if (isHealth(head)) return true;
        if (!hasAccess(head, server.policy.secrets.get(secretSlots.accessToken))) {
          refuse(server, connection, head, 'access_denied', null);
          return false;
        }
        if (head.form !== 'authority') return true;
        if (server.isDraining()) {
          refuse(server, connection, head, 'shutting_down', null);
          return false;
        }
        tunnelled = connectTunnel(server, connection, head, onClosed);
        return false;
      },
    },
  );
}

/** The one answer that needs no token: whoever supervises the sidecar asks for it. */
function isHealth(head: RequestHead): boolean {
  return head.form === 'origin' && head.path === '/health';
}

/** Answers a CONNECT; false: it was refused. */
function connectTunnel(
  server: ServerContext,
  connection: AgentConnection,
  head: RequestHead,
  onClosed: () => void,
): boolean {
  const { host } = head;
  const port = head.port ?? 443;
  const decision = decideConnect(server.policy.table, host, port, server.now());
  const denied = decision.kind === 'deny' ? decision : null;
  if (denied !== null && server.counters.denialTunnels >= server.config.limits.denial_tunnels) {
    refuse(server, connection, head, denied.code, denied.rule);
    return false;
  }
  if (denied !== null) server.counters.denialTunnels += 1;
  const socket = connection.reader.detach();
  socket.write(ESTABLISHED, 'latin1');
  const plaintext = decision.kind === 'allow' && decision.schemes.has('http');
  void openTunnel(server, socket, { host, port, denied, plaintext }, () => {
    if (denied !== null) server.counters.denialTunnels -= 1;
    onClosed();
  });
  return true;
}

function refuse(
  server: ServerContext,
  connection: AgentConnection,
  head: RequestHead,
  code: DenialCode,
  rule: string | null,
): void {
  const target =
    head.form === 'authority'
      ? describeConnect(head.host, head.port ?? 443, server.policy.leaks())
      : head.method;
  server
    .audit({ layer: 'egress', action: 'connect', outcome: 'denied', code, target, rule, details: {} })
    .catch(() => server.log(0, { event: 'audit_failed' }));
  server.log(1, { event: 'denied', code, target, rule });
  connection.reader.finish(
    bareDenial({ layer: 'egress', code, target, rule, message: denials[code].message }),
  );
}
