import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { TLSSocket } from 'node:tls';

export interface Way {
  /** port of the proxy on 127.0.0.1, null: straight to the upstream */
  readonly proxyPort: number | null;
  /** `host:port` of the upstream */
  readonly authority: string;
  /** what the far end of TLS is verified against */
  readonly ca: string;
}

/** Opens TLS to the upstream, through CONNECT when there is a proxy. */
export function openWay(way: Way): Promise<TLSSocket> {
  const [host = '', port = '0'] = way.authority.split(':');
  return new Promise((resolve, reject) => {
    const raw = connect({ host: '127.0.0.1', port: way.proxyPort ?? Number(port), noDelay: true });
    raw.once('error', reject);
    const secure = () => {
      const socket = connectTls({ socket: raw, servername: host, ca: way.ca, ALPNProtocols: ['http/1.1'] });
      socket.once('error', reject);
      socket.once('secureConnect', () => {
        socket.off('error', reject);
        socket.on('error', () => undefined);
        resolve(socket);
      });
    };
    raw.once('connect', () => {
      if (way.proxyPort === null) return secure();
      raw.once('data', (answer: Buffer) => {
        if (/^HTTP\/1\.\d 200/.test(answer.toString('latin1', 0, 16))) secure();
        else reject(new Error(`CONNECT: ${answer.toString('latin1', 0, 64)}`));
      });
      raw.write(`CONNECT ${way.authority} HTTP/1.1\r\nHost: ${way.authority}\r\n\r\n`);
    });
  });
}
