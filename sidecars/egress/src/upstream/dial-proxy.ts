import type { DenialCode } from '@bot-bottle/audit';
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { dialAny, verifiedTls } from './dial.ts';
import { UpstreamError } from './upstream-error.ts';

const MAX_HEAD = 16 * 1024;

/** Denials for what becomes of a connection to the guard. */
export interface GuardRefusals {
  readonly unreachable: DenialCode;
  readonly status: (status: number) => DenialCode;
}

/** The operator's own proxy, or the guard, through which upstreams are reached. */
export interface CorporateProxy {
  readonly host: string;
  readonly port: number;
  /** the proxy itself is spoken to over TLS */
  readonly tls: boolean;
  /** user:password, null for none */
  readonly credentials: string | null;
  /** how refusals of the guard are told; null: it is the operator's proxy, of which nothing is told */
  readonly refusals: GuardRefusals | null;
  /** finds the proxy's own address, which is not checked: the operator named it */
  readonly resolve: () => readonly string[] | Promise<readonly string[]>;
}

/** Value of Proxy-Authorization, null without credentials. */
export function proxyAuthorization(proxy: CorporateProxy): string | null {
  return proxy.credentials === null ? null : `Basic ${Buffer.from(proxy.credentials).toString('base64')}`;
}

/** Connects to the proxy itself. */
export async function dialProxy(
  proxy: CorporateProxy,
  context: SecureContext,
  timeoutMs: number,
): Promise<Socket> {
  const { refusals } = proxy;
  const socket = await dialAny(await proxy.resolve(), proxy.port, timeoutMs).catch((error: unknown) => {
    throw refusals === null ? error : new UpstreamError(refusals.unreachable);
  });
  return proxy.tls ? verifiedTls(socket, proxy.host, context, timeoutMs) : socket;
}

/** Asks the proxy for a tunnel; the name goes to it unresolved. Rejects with `UpstreamError`. */
export async function dialThroughProxy(
  proxy: CorporateProxy,
  target: { readonly host: string; readonly port: number },
  context: SecureContext,
  timeoutMs: number,
): Promise<Socket> {
  const socket = await dialProxy(proxy, context, timeoutMs);
  const host = target.host.includes(':') && !target.host.startsWith('[') ? `[${target.host}]` : target.host;
  const authority = `${host}:${target.port}`;
  const authorization = proxyAuthorization(proxy);
  const credentials = authorization === null ? '' : `Proxy-Authorization: ${authorization}\r\n`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${credentials}\r\n`, 'latin1');
  try {
    await tunnelOpened(socket, proxy, timeoutMs);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return socket;
}

function tunnelOpened(socket: Socket, { refusals }: CorporateProxy, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0);
    const settle = (error: UpstreamError | null) => {
      clearTimeout(timer);
      socket.off('data', onData).off('error', onGone).off('close', onGone);
      socket.pause();
      if (error === null) resolve();
      else reject(error);
    };
    const onGone = () => settle(new UpstreamError(refusals?.unreachable ?? 'upstream_unreachable'));
    const timer = setTimeout(() => settle(new UpstreamError('upstream_timeout')), timeoutMs);
    const onData = (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk]);
      const end = seen.indexOf('\r\n\r\n');
      if (end < 0) {
        if (seen.length > MAX_HEAD) settle(new UpstreamError('upstream_invalid'));
        return;
      }
      const line = /^HTTP\/1\.[01] (\d\d\d)(?: |\r)/.exec(seen.toString('latin1', 0, 32));
      const status = Number(line?.[1] ?? 0);
      const accepted = status >= 200 && status < 300;
      settle(accepted ? null : new UpstreamError(refusals?.status(status) ?? 'upstream_unreachable'));
      const rest = seen.subarray(end + 4);
      if (accepted && rest.length > 0) socket.unshift(rest);
    };
    socket.on('data', onData).on('error', onGone).on('close', onGone);
  });
}
