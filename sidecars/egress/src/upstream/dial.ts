import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls } from 'node:tls';
import type { SecureContext, TLSSocket } from 'node:tls';
import { isIP } from 'node:net';
import { UpstreamError } from './upstream-error.ts';

/** Opens a TCP connection to one address that was already checked. Rejects with `UpstreamError`. */
export function dialAddress(address: string, port: number, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: address, port, noDelay: true, keepAlive: true });
    const fail = (error: UpstreamError) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(new UpstreamError('upstream_timeout')), timeoutMs);
    const onError = () => fail(new UpstreamError('upstream_unreachable'));
    socket.once('error', onError);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', onError);
      resolve(socket);
    });
  });
}

/** Tries the addresses in order and gives the first that connects; the time is shared among them. */
export async function dialAny(
  addresses: readonly string[],
  port: number,
  timeoutMs: number,
): Promise<Socket> {
  const until = performance.now() + timeoutMs;
  let last = new UpstreamError('upstream_unreachable');
  for (const [index, address] of addresses.entries()) {
    const left = until - performance.now();
    if (left <= 0) throw new UpstreamError('upstream_timeout');
    try {
      return await dialAddress(address, port, left / (addresses.length - index));
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      last = error;
    }
  }
  throw last;
}

const transportErrors = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

/**
 * Puts verified TLS on a connection. The certificate must chain to `context`'s roots and name `host`; there is no
 * way to skip that. Rejects with `UpstreamError`.
 */
export function verifiedTls(
  socket: Socket,
  host: string,
  context: SecureContext,
  timeoutMs: number,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const name = host.startsWith('[') ? host.slice(1, -1) : host;
    const secure = connectTls({
      socket,
      secureContext: context,
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: true,
      // RFC 6066 section 3: no address literals in SNI
      ...(isIP(name) === 0 ? { servername: name } : {}),
      checkServerIdentity: (_given, certificate) => checkServerIdentity(name, certificate),
    });
    const fail = (error: UpstreamError) => {
      clearTimeout(timer);
      secure.destroy();
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(new UpstreamError('upstream_timeout')), timeoutMs);
    const onError = (error: NodeJS.ErrnoException) =>
      fail(
        new UpstreamError(transportErrors.has(error.code ?? '') ? 'upstream_unreachable' : 'upstream_tls'),
      );
    secure.once('error', onError);
    secure.once('secureConnect', () => {
      clearTimeout(timer);
      secure.off('error', onError);
      resolve(secure);
    });
  });
}
