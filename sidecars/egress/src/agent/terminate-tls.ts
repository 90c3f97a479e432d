import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { SecureContext } from 'node:tls';

/** A finished handshake with the agent. */
export interface Terminated {
  readonly socket: TLSSocket;
  /** server name of the ClientHello, null when there was none */
  readonly sni: string | null;
}

/**
 * Speaks TLS with the agent on a connection that it already has: no second listener, no second hop. Resolves null
 * when the handshake fails or takes longer than `timeoutMs`; the socket is gone then.
 */
export function terminateTls(
  socket: Socket,
  context: SecureContext,
  timeoutMs: number,
): Promise<Terminated | null> {
  return new Promise((resolve) => {
    const secure = new TLSSocket(socket, {
      isServer: true,
      secureContext: context,
      ALPNProtocols: ['http/1.1'],
    });
    const settle = (value: Terminated | null) => {
      clearTimeout(timer);
      secure.off('close', onClose).off('error', onClose).off('_tlsError', onClose);
      if (value === null) {
        secure.on('error', () => undefined);
        secure.destroy();
        socket.destroy();
      }
      resolve(value);
    };
    const onClose = () => settle(null);
    const timer = setTimeout(onClose, timeoutMs);
    timer.unref();
    secure.on('close', onClose).on('error', onClose).on('_tlsError', onClose);
    secure.once('secure', () => settle({ socket: secure, sni: sentName(secure) }));
  });
}

/** Node's types know the name only on sockets that a tls.Server made. */
function sentName(secure: TLSSocket): string | null {
  const name: unknown = Reflect.get(secure, 'servername');
  return typeof name === 'string' && name !== '' ? name : null;
}
