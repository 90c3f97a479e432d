import { ToolFailure } from '../tool-failure.ts';

// An import would load Node's own fetch with it.
const { request } = process.getBuiltinModule('node:http');

const TARGET = 'http://_egress.local/allowlist';
const MAX_BYTES = 2 * 1024 * 1024;

/**
 * Asks the egress proxy for its routes; it answers that name itself and nothing leaves.
 *
 * @param proxy `http://[user:password@]host:port`
 * @throws ToolFailure `unavailable`
 */
export async function readEgressRoutes(proxy: URL, signal: AbortSignal): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const fail = (): void => reject(new ToolFailure('unavailable', 'the egress proxy could not be asked'));
  const { hostname, port, username, password } = proxy;
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`);
  const asked = request({
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? 80 : Number(port),
    path: TARGET,
    agent: false,
    signal,
    headers: {
      Host: '_egress.local',
      ...(password === '' ? {} : { 'Proxy-Authorization': `Basic ${credentials.toString('base64')}` }),
    },
  });
  asked.once('error', fail);
  asked.once('response', (response) => {
    const chunks: Buffer[] = [];
    let length = 0;
    response.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > MAX_BYTES) asked.destroy(new Error('too large'));
      else chunks.push(chunk);
    });
    response.once('error', fail);
    response.once('end', () => {
      if (response.statusCode !== 200) return fail();
      try {
        resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')));
      } catch {
        fail();
      }
    });
  });
  asked.end();
  return await promise;
}
