import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { apiBottle, apiSettings } from './support/api-bottle.ts';
import { operators } from './support/operators.ts';
import { plantedSecret } from './support/secrets.ts';
import { Upstream } from './support/upstream.ts';
import { World } from './support/world.ts';

const [operator] = operators.slice(-1);
const token = plantedSecret('tok');
let world: World;
let upstream: Upstream;
const handshakes: Array<string | undefined> = [];

/** Accepts the handshake (RFC 6455 4.2.2) and sends one text frame. */
function acceptWebSocket(key: string, socket: Duplex): void {
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  const text = Buffer.from('hello over a socket');
  socket.write(Buffer.concat([Buffer.from([0x81, text.length]), text]));
}

beforeAll(async () => {
  if (operator === undefined) throw new Error('no operator');
  upstream = new Upstream(['api.e2e.test'], (_seen, response) => response.end());
  upstream.server.on('upgrade', (request, socket) => {
    handshakes.push(request.headers.authorization);
    acceptWebSocket(request.headers['sec-websocket-key'] ?? '', socket);
  });
  const port = await upstream.listen();
  world = new World(operator);
  world.write('settings.yml', apiSettings(upstream.certificate.caFile));
  world.bottle('open', apiBottle(port, '      dlp: { outbound: false }'));
  world.bottle('scanned', apiBottle(port));
  world.agent('open', 'open');
  world.agent('scanned', 'scanned');
});
afterAll(async () => {
  await world.close();
  await upstream.close();
});

/** A WebSocket client of the standard library: CONNECT, TLS, handshake, one frame. */
const client = (port: number): string => `python3 - <<'PY'
import base64, os, socket, ssl
proxy = socket.create_connection(('egress', 9099))
proxy.sendall(b'CONNECT api.e2e.test:${port} HTTP/1.1\\r\\nHost: api.e2e.test:${port}\\r\\n\\r\\n')
assert b' 200 ' in proxy.recv(4096)
tls = ssl.create_default_context(cafile=os.environ['SSL_CERT_FILE']).wrap_socket(proxy, server_hostname='api.e2e.test')
key = base64.b64encode(os.urandom(16)).decode()
tls.sendall(('GET /v1/socket HTTP/1.1\\r\\nHost: api.e2e.test:${port}\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n'
  'Sec-WebSocket-Key: ' + key + '\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n').encode())
data = b''
while b'socket' not in data.split(b'\\r\\n\\r\\n', 1)[-1] and b'bot_bottle' not in data:
    part = tls.recv(4096)
    if not part: break
    data += part
print(data.decode('latin1'))
PY`;

it('a WebSocket opens where outbound scanning is off, with the credential injected', async () => {
  const { stdout } = await world.run('open', client(upstream.port), { env: { E2E_TOKEN: token } });
  expect(stdout).toContain('101 Switching Protocols');
  expect(stdout).toContain('hello over a socket');
  expect(handshakes).toEqual([`Bearer ${token}`]);
});

it('a WebSocket is refused before any 101 where messages would go unscanned', async () => {
  const before = handshakes.length;
  const { stdout } = await world.run('scanned', client(upstream.port), { env: { E2E_TOKEN: token } });
  expect(stdout).toContain('403');
  expect(stdout).toContain('upgrade_not_allowed');
  expect(handshakes.length).toBe(before);
});
