import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { createLeafMinter } from '@bot-bottle/egress';
import { answerBlocked, forward } from './forward.ts';
import type { Config } from './load-config.ts';
import { addressOf, hostBlocked, matches } from './policy.ts';

/** Serves until it is told to end. Rejects when it cannot listen. */
export async function serve(config: Config, listen: string): Promise<void> {
  const started = Date.now();
  const minter = config.tls === null ? null : createLeafMinter(config.tls);
  const server = createServer((request, response) => {
    const target = request.url ?? '';
    if (target === '/health') {
      response.setHeader('Content-Type', 'application/json');
      response.end(
        `${JSON.stringify({
          status: 'healthy',
          version: '2.3.0-stand-in',
          mode: config.mode,
          uptime_seconds: (Date.now() - started) / 1000,
          dlp_patterns: 4,
          forward_proxy_enabled: config.forward,
        })}\n`,
      );
      return;
    }
    if (!config.forward || !target.startsWith('http://')) return void response.writeHead(404).end();
    forward(config, new URL(target), request, response).catch(() => response.destroy());
  });
  server.on('connect', (request, socket: Duplex) => {
    socket.on('error', () => socket.destroy());
    tunnel(config, minter, request.url ?? '', socket).catch(() => socket.destroy());
  });
  const [host = '', port = ''] = listen.split(':');
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(Number(port), host, resolve);
  });
  process.stdout.write(`${JSON.stringify({ event: 'started', listen, stand_in: true })}\n`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
}

async function tunnel(
  config: Config,
  minter: ReturnType<typeof createLeafMinter> | null,
  target: string,
  socket: Duplex,
): Promise<void> {
  const [, host = '', port = ''] = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(target) ?? [];
  const refuse = (status: number, reason: string): void => {
    socket.end(
      `HTTP/1.1 ${status} Refused\r\nX-Pipelock-Block-Reason: ${reason}\r\nContent-Length: 0\r\n\r\n`,
    );
  };
  if (!config.forward || host === '') return refuse(400, 'bad_request');
  const blocked = hostBlocked(config, host);
  if (blocked !== null && config.enforce) return refuse(403, blocked.reason);
  const address = await addressOf(config, host).catch(() => null);
  if (address === null) return refuse(502, 'dns_error');
  if (typeof address !== 'string') return refuse(403, address.reason);
  const opened = 'HTTP/1.1 200 Connection Established\r\n\r\n';
  if (minter === null || config.tls?.passthrough.some((pattern) => matches(pattern, host)) === true) {
    const onward = connect(Number(port), address, () => {
      socket.write(opened);
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    socket.on('close', () => onward.destroy());
    return;
  }
  socket.write(opened);
  const { cert, key } = await minter.leaf(host);
  const secure = new TLSSocket(socket, { isServer: true, cert, key });
  secure.on('error', () => socket.destroy());
  inside(config, `https://${target}`).emit('connection', secure);
}

/** Reads the requests of one opened tunnel. */
function inside(config: Config, origin: string): Server {
  return createServer((request, response) => {
    const url = new URL(request.url ?? '/', origin);
    const authority = new URL(`https://${request.headers.host ?? ''}`).host;
    if (url.origin !== new URL(origin).origin || authority !== new URL(origin).host)
      return answerBlocked(response, { reason: 'authority_mismatch', text: 'authority mismatch' });
    forward(config, url, request, response).catch(() => response.destroy());
  });
}
