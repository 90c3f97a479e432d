import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { bearer, CANARY, HOST, route, startProxy, temporaryFolder } from './harness.ts';
import type { Proxy } from './harness.ts';
import { closed, nextMessage, openClient, startEchoServer } from './websocket-kit.ts';

let echo: Awaited<ReturnType<typeof startEchoServer>>;
let proxy: Proxy;
let a: string;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  echo = await startEchoServer();
  a = `${HOST}:${echo.port}`;
  folder = await temporaryFolder();
  proxy = await startProxy({
    routes: [
      route(HOST, echo.port, {
        auth: bearer,
        dlp: {
          outbound: ['known_secrets', 'token_patterns', 'canary', 'crlf'],
          inbound: ['prompt_injection'],
          on_match: 'block',
        },
      }),
    ],
  });
});
afterAll(async () => {
  await proxy.close();
  await echo.close();
  await folder.remove();
});

describe('the ws package', () => {
  let client: WebSocket;
  afterEach(() => client.terminate());

  test.each<[string, string | Buffer]>([
    ['an empty text', ''],
    ['text', 'h€llo 🌍'],
    ['1 MB of text', '0123456789'.repeat(100_000)],
    ['1 MB of binary', randomBytes(1_000_000)],
    ['5 MB of binary', randomBytes(5_000_000)],
  ])('gets %s back as it was sent', async (_name, content) => {
    client = await openClient(proxy, a);
    const answer = new Promise<[Buffer, boolean]>((resolve) =>
      client.once('message', (data: Buffer, isBinary) => resolve([data, isBinary])),
    );
    client.send(content);
    const [data, isBinary] = await answer;
    expect(isBinary).toBe(Buffer.isBuffer(content));
    expect(data.equals(Buffer.from(content))).toBe(true);
  });

  test('gets 10,000 small messages back in order', async () => {
    client = await openClient(proxy, a);
    const count = 10_000;
    let next = 0;
    const all = new Promise<void>((resolve, reject) => {
      client.on('message', (data: Buffer) => {
        if (data.toString() !== `{"n":${next}}`) reject(new Error(`${next}: ${data.toString()}`));
        next += 1;
        if (next === count) resolve();
      });
      client.once('close', (code) => reject(new Error(`closed ${code}`)));
    });
    for (let n = 0; n < count; n += 1) client.send(`{"n":${n}}`);
    await all;
  });

  test('pings and pongs both ways, and sends fragments', async () => {
    client = await openClient(proxy, a);
    const [server] = echo.sockets.clients;
    const ponged = new Promise<Buffer>((resolve) => client.once('pong', resolve));
    client.ping('from the agent');
    expect((await ponged).toString()).toBe('from the agent');
    const other = new Promise<Buffer>((resolve) => server?.once('pong', resolve));
    server?.ping('from the server');
    expect((await other).toString()).toBe('from the server');
    const answer = nextMessage(client);
    client.send('one ', { fin: false });
    client.ping();
    client.send('two', { fin: true });
    expect((await answer).toString()).toBe('one two');
  });

  test.each([
    [1000, 'done'],
    [1001, ''],
    [3000, 'x'.repeat(123)],
    [4999, 'späť'],
  ])('closes with %d, from either side', async (code, reason) => {
    client = await openClient(proxy, a);
    const [server] = echo.sockets.clients;
    const seen = new Promise<string>((resolve) =>
      server?.once('close', (got, why) => resolve(`${got} ${why.toString()}`)),
    );
    client.close(code, reason);
    expect(await seen).toBe(`${code} ${reason}`);
    client = await openClient(proxy, a);
    const end = closed(client);
    for (const socket of echo.sockets.clients) socket.close(code, reason);
    expect(await end).toBe(`${code} ${reason}`.trimEnd());
  });

  test('sees the end of a server that goes without a close frame', async () => {
    client = await openClient(proxy, a);
    const end = closed(client);
    for (const socket of echo.sockets.clients) socket.terminate();
    expect(await end).toBe('1006');
  });
});

describe('Node’s own WebSocket, in a process whose proxy is the environment’s', () => {
  function run(script: string): Promise<string> {
    const env = {
      PATH: process.env['PATH'],
      NODE_USE_ENV_PROXY: '1',
      HTTPS_PROXY: `http://${proxy.address}`,
      NODE_EXTRA_CA_CERTS: join(folder.path, 'ca.crt'),
    };
    const args = ['--input-type=module', '-e', script];
    return new Promise((resolve) => {
      execFile(process.execPath, args, { env, timeout: 15_000 }, (_error, out, problems) =>
        resolve(`${out}${problems}`),
      );
    });
  }

  test('echoes text and binary, and reads why it was refused', async () => {
    await writeFile(join(folder.path, 'ca.crt'), proxy.ca);
    const out = await run(`
      const ws = new WebSocket('wss://${a}/ws', ['one']);
      ws.binaryType = 'arraybuffer';
      const next = (name) => new Promise((resolve) => ws.addEventListener(name, resolve, { once: true }));
      ws.onerror = () => undefined;
      await next('open');
      const text = 'y'.repeat(1_000_000);
      ws.send(text);
      const echoed = (await next('message')).data;
      ws.send(new Uint8Array([1, 2, 3]));
      const bytes = new Uint8Array((await next('message')).data);
      ws.send('my ${CANARY}');
      const { code, reason } = await next('close');
      console.log(JSON.stringify([ws.protocol, ws.extensions, echoed === text, [...bytes], code, reason]));`);
    expect(JSON.parse(out)).toEqual([
      'one',
      '',
      true,
      [1, 2, 3],
      1008,
      'bot-bottle dlp_blocked: rule canary/canary',
    ]);
  });
});
