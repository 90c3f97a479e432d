import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
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
let received = '';

/** Greets, notes what comes, and tells the client that all of it came. */
function greet(socket: WebSocket): void {
  socket.on('error', () => undefined);
  socket.on('message', (data: Buffer) => {
    received += `${data.toString()}\n`;
    if (data.toString() === 'end') socket.send('$');
  });
  socket.send('hello over a socket');
}

beforeAll(async () => {
  if (operator === undefined) throw new Error('no operator');
  upstream = new Upstream(['api.e2e.test'], (_seen, response) => response.end());
  const sockets = new WebSocketServer({ noServer: true });
  upstream.server.on('upgrade', (request, socket, head) => {
    handshakes.push(request.headers.authorization);
    sockets.handleUpgrade(request, socket, head, greet);
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

/** A WebSocket client of the standard library: CONNECT, TLS, handshake, one frame, and what it is given to send. */
const client = (port: number, send: string[]): string => `python3 - <<'PY'
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
for text in ${JSON.stringify(send)}:
    mask = os.urandom(4)
    body = bytes(b ^ mask[i % 4] for i, b in enumerate(text.encode()))
    tls.sendall(bytes([0x81, 0x80 | len(body)]) + mask + body)
tls.settimeout(10)
while b'dlp_blocked' not in data and b'$' not in data:
    part = tls.recv(4096)
    if not part: break
    data += part
print(data.decode('latin1'))
PY`;

it.each(['open', 'scanned'])(
  'a WebSocket opens in the bottle %s, with the credential injected',
  async (bottle) => {
    handshakes.length = 0;
    received = '';
    const { stdout } = await world.run(bottle, client(upstream.port, ['over to you', 'end']), {
      env: { E2E_TOKEN: token },
    });
    expect(stdout).toContain('101 Switching Protocols');
    expect(stdout).toContain('hello over a socket');
    expect(handshakes).toEqual([`Bearer ${token}`]);
    expect(received).toBe('over to you\nend\n');
  },
);

it('a message with a secret never arrives, and the agent reads why', async () => {
  received = '';
  const { stdout } = await world.run('scanned', client(upstream.port, ['first', `it is ${token}`, 'after']), {
    env: { E2E_TOKEN: token },
  });
  expect(stdout).toContain('bot-bottle dlp_blocked: rule known_secrets/');
  expect(received).toBe('first\n');
});
