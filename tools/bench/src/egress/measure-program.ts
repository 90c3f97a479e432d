import { randomBytes } from 'node:crypto';
import { encodeFrame, MessageReader } from '@bot-bottle/egress';
import { readRequest } from './child-program.ts';
import { openWay } from './tunnel-client.ts';
import type { Way } from './tunnel-client.ts';

/** Single measurements, one per line of output, chosen by `what`. */
const request = await readRequest<{
  what: 'first' | 'sse' | 'websocket' | 'download' | 'upload' | 'hold';
  way: Way;
  count: number;
}>();
const { way, count } = request;

function print(value: Record<string, number>): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: ${way.authority}\r\n\r\n`;

/** Milliseconds from opening a tunnel to the first byte of the answer. */
async function first(): Promise<number> {
  const start = performance.now();
  const socket = await openWay(way);
  socket.write(get('/'));
  await new Promise((resolve) => socket.once('data', resolve));
  const took = performance.now() - start;
  socket.destroy();
  return took;
}

/** Milliseconds from sending to receiving, per event. */
async function sse(): Promise<void> {
  const socket = await openWay(way);
  socket.write(get(`/sse/${count}`));
  const delays: number[] = [];
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      const now = performance.timeOrigin + performance.now();
      for (const match of chunk.toString('latin1').matchAll(/data: ([\d.]+)\n/g))
        delays.push(now - Number(match[1]));
      if (delays.length >= count) resolve();
    });
  });
  print({ median: median(delays) });
}

/** Milliseconds from sending a message of 1 KiB to having it back, one after the other. */
async function websocket(): Promise<void> {
  const socket = await openWay(way);
  const opened = new Promise((resolve) => socket.once('data', resolve));
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n';
  const key = randomBytes(16).toString('base64');
  socket.write(
    `GET /websocket HTTP/1.1\r\nHost: ${way.authority}\r\n${upgrade}Sec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  await opened;
  const payload = Buffer.alloc(1024, '{"role":"user","content":"plain words of a conversation"} ');
  const message = encodeFrame({ opcode: 'text', fin: true, payload }, randomBytes(4));
  const times: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const reader = new MessageReader('server');
    const start = performance.now();
    socket.write(message);
    await new Promise<void>((resolve, reject) => {
      const onData = (chunk: Buffer) => {
        const { events, refused } = reader.push(chunk);
        if (refused !== null || events.some(({ kind }) => kind === 'close')) reject(new Error('refused'));
        if (!events.some((event) => event.kind === 'data' && event.isLast)) return;
        socket.off('data', onData);
        resolve();
      };
      socket.on('data', onData);
    });
    times.push(performance.now() - start);
  }
  print({ median: median(times) });
  socket.destroy();
}

async function download(): Promise<void> {
  const socket = await openWay(way);
  const start = performance.now();
  let got = 0;
  socket.write(get(`/download/${count}`));
  await new Promise<void>((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      got += chunk.length;
      if (got >= count) resolve();
    });
    socket.once('close', () => reject(new Error(`only ${got} bytes came`)));
  });
  print({ mibPerSecond: rate(start) });
  socket.destroy();
}

async function upload(): Promise<void> {
  const socket = await openWay(way);
  const block = Buffer.alloc(256 * 1024, 'const answer = compute(question); // clean source text\n');
  const start = performance.now();
  socket.write(
    `POST /upload HTTP/1.1\r\nHost: ${way.authority}\r\nContent-Type: text/plain\r\nContent-Length: ${count}\r\n\r\n`,
  );
  const answered = new Promise<Buffer>((resolve) => socket.once('data', resolve));
  for (let left = count; left > 0; left -= block.length) {
    if (!socket.write(block.subarray(0, Math.min(left, block.length)))) {
      await new Promise((resolve) => socket.once('drain', resolve));
    }
  }
  const answer = (await answered).toString('latin1', 0, 15);
  if (!answer.startsWith('HTTP/1.1 200')) throw new Error(answer);
  print({ mibPerSecond: rate(start) });
  socket.destroy();
}

/** Opens `count` streams and keeps them until it is ended. */
async function hold(): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const socket = await openWay(way);
    socket.write(get('/hold'));
    await new Promise((resolve) => socket.once('data', resolve));
  }
  print({ open: count });
  await new Promise(() => setInterval(() => undefined, 1000));
}

function rate(start: number): number {
  return count / 1024 / 1024 / ((performance.now() - start) / 1000);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

switch (request.what) {
  case 'first':
    for (let i = 0; i < count; i += 1) print({ ms: await first() });
    break;
  case 'sse':
    await sse();
    break;
  case 'websocket':
    await websocket();
    break;
  case 'download':
    await download();
    break;
  case 'upload':
    await upload();
    break;
  case 'hold':
    await hold();
    break;
}
process.exit(0);
