import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { expect, test } from 'vitest';
import { Sweeper } from '../src/limits/sweeper.ts';
import type { Expirable } from '../src/limits/sweeper.ts';

function watched(sweeper: Sweeper, limitMs: number): Expirable & { readonly expired: Promise<unknown> } {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const item = { index: -1, deadline: performance.now() + limitMs, expire: resolve, expired: promise };
  sweeper.add(item);
  return item;
}

test('what had come while the process had to wait is read before anybody is silent for too long', async () => {
  const sweeper = new Sweeper(10);
  const accepted = Promise.withResolvers<Socket>();
  const server = createServer(accepted.resolve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const peer = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await new Promise((resolve) => peer.once('connect', resolve));
  const socket = await accepted.promise;
  const item = watched(sweeper, 100);
  const read = new Promise((resolve) => {
    socket.on('data', () => {
      item.deadline = Number.POSITIVE_INFINITY;
      resolve('read');
    });
  });
  peer.write('in time');
  const end = performance.now() + 300;
  while (performance.now() < end);
  const first = await Promise.race([read, item.expired.then(() => 'expired')]);
  expect(first).toBe('read');
  peer.destroy();
  sweeper.stop();
  server.close();
});

test('what says nothing expires', async () => {
  const sweeper = new Sweeper(10);
  await watched(sweeper, 50).expired;
  sweeper.stop();
});
