import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listenOn, parseListen } from '@bot-bottle/sidecar-protocol/program';
import { expect, onTestFinished, test } from 'vitest';

test.each([
  ['127.0.0.1:9099', { kind: 'tcp', host: '127.0.0.1', port: 9099 }],
  ['127.0.0.1:0', { kind: 'tcp', host: '127.0.0.1', port: 0 }],
  ['[::1]:80', { kind: 'tcp', host: '::1', port: 80 }],
  ['localhost:1', { kind: 'tcp', host: 'localhost', port: 1 }],
  ['host2.test:65535', { kind: 'tcp', host: 'host2.test', port: 65_535 }],
  ['unix:/run/a.sock', { kind: 'unix', path: '/run/a.sock' }],
])('%s is an address', (text, address) => {
  expect(parseListen(text)).toEqual(address);
});

test.each([
  '',
  '9099',
  'localhost',
  'localhost:',
  'localhost:65536',
  'localhost:01',
  'localhost:-1',
  'a b:1',
  '::1:80',
  '[127.0.0.1]:80',
  '[::1%eth0]:80',
  'unix:relative',
  'unix:/a\0b',
])('%j is none', (text) => {
  expect(() => parseListen(text)).toThrow(/neither/);
});

test.each(['0.0.0.0:1', '[::]:1', '[0:0:0:0:0:0:0:0]:1', '[::ffff:0.0.0.0]:1'])(
  'the unspecified address %s is refused',
  (text) => {
    expect(() => parseListen(text)).toThrow(/unspecified/);
  },
);

test.each(['0:1', '0.0:1', '0x0:1', '0x7f.1:1', '00.00.00.00:1', '1.2.3.999:1', 'a.0:1'])(
  'what resolvers read as a number, such as %s, is refused',
  (text) => {
    expect(() => parseListen(text)).toThrow();
  },
);

test('a socket is private from the start, replaces a stale one, and nothing else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bot-bottle-listen-'));
  const server = createServer();
  onTestFinished(async () => {
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });
  const path = join(folder, 'a.sock');
  expect(await listenOn(server, parseListen(`unix:${path}`))).toBe(`unix:${path}`);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const other = join(folder, 'file');
  await writeFile(other, '');
  await expect(listenOn(createServer(), parseListen(`unix:${other}`))).rejects.toMatchObject({
    code: 'listen_failed',
  });
});
