import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { GatheredWrites } from '../src/gathered-writes.ts';

const KIB = 1024;

/** A socket that notes how many bytes each of its system calls would carry. */
function socket(): { socket: Writable; calls: number[] } {
  const calls: number[] = [];
  const into = new Writable({
    highWaterMark: 1024 * KIB,
    write: (chunk: Buffer, _encoding, done) => {
      calls.push(chunk.length);
      done();
    },
    writev: (chunks, done) => {
      calls.push(chunks.reduce((sum, { chunk }) => sum + (chunk as Buffer).length, 0));
      done();
    },
  });
  return { socket: into, calls };
}

function writer(into: Writable): (bytes: number) => void {
  const gathered = new GatheredWrites(into);
  return (bytes) => {
    gathered.before(bytes);
    into.write(Buffer.alloc(bytes));
    gathered.after();
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('large pieces of one turn leave together, at the latest when it is over', async () => {
  const { socket: into, calls } = socket();
  const write = writer(into);
  for (let i = 0; i < 3; i += 1) write(16 * KIB);
  expect(calls).toEqual([]);
  await turn();
  expect(calls).toEqual([48 * KIB]);
});

test('not more than enough for one call is gathered', () => {
  const { socket: into, calls } = socket();
  const write = writer(into);
  for (let i = 0; i < 8; i += 1) write(16 * KIB);
  expect(calls).toEqual([64 * KIB, 64 * KIB]);
});

test('a small piece goes at once', () => {
  const { socket: into, calls } = socket();
  writer(into)(100);
  expect(calls).toEqual([100]);
});

test('nothing stays behind when it is let go, or when the socket ends', async () => {
  const first = socket();
  const gathered = new GatheredWrites(first.socket);
  gathered.before(16 * KIB);
  first.socket.write(Buffer.alloc(16 * KIB));
  gathered.release();
  gathered.release();
  expect(first.calls).toEqual([16 * KIB]);
  await turn();
  first.socket.write(Buffer.alloc(1));
  expect(first.calls).toEqual([16 * KIB, 1]);

  const second = socket();
  writer(second.socket)(16 * KIB);
  second.socket.end();
  expect(second.calls).toEqual([16 * KIB]);
});
