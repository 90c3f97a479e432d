import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { createLeafMinter } from '@bot-bottle/egress';
import { afterEach, describe, expect, test } from 'vitest';
import { AgentReader } from '../src/agent/agent-reader.ts';
import { terminateTls } from '../src/agent/terminate-tls.ts';
import { Sweeper } from '../src/limits/sweeper.ts';
import { HOST, upstreamAuthority } from './harness.ts';

const IDLE_MS = 1_000;
/** More than any kernel buffers. */
const answer = Buffer.alloc(4 * 1024 * 1024, 'x');

const closing: Array<() => void> = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

interface Scene {
  readonly reader: AgentReader;
  readonly agent: Socket;
  readonly stuck: Promise<unknown>;
}

/** A reader whose agent has asked for something, over a real connection. */
async function asked(isTls: boolean): Promise<Scene> {
  const { promise: accepted, resolve: accept } = Promise.withResolvers<Socket>();
  const listener = createServer(accept);
  const folder = mkdtempSync(join(tmpdir(), 'slow-agent-'));
  const path = join(folder, 'socket');
  await new Promise<void>((resolve) => listener.listen(path, resolve));
  const plain = connect(path);
  const agent = isTls ? connectTls({ socket: plain, rejectUnauthorized: false }) : plain;
  const raw = await accepted;
  const socket = isTls ? await terminated(raw) : raw;
  const sweeper = new Sweeper(50);
  const head = Promise.withResolvers<Buffer>();
  const stuck = Promise.withResolvers<unknown>();
  const reader = new AgentReader(
    socket,
    { head: head.resolve, badHead: () => undefined, gone: () => undefined, stuck: () => stuck.resolve(null) },
    { headBytes: 65_536, headMs: 10_000, idleMs: IDLE_MS },
    sweeper,
  );
  closing.push(() => {
    reader.destroy();
    for (const each of [agent, plain]) each.destroy();
    sweeper.stop();
    listener.close();
    rmSync(folder, { recursive: true });
  });
  agent.on('error', () => undefined).pause();
  agent.write('GET / HTTP/1.1\r\n\r\n');
  await head.promise;
  return { reader, agent, stuck: stuck.promise };
}

async function terminated(raw: Socket): Promise<Socket> {
  const { context } = await createLeafMinter(await upstreamAuthority()).leaf(HOST);
  const done = await terminateTls(raw, context, 10_000);
  if (done === null) throw new Error('no handshake');
  return done.socket;
}

/** Reads piece by piece, for several idle limits; resolves with what came before it ended. */
function readSlowly(agent: Socket): Promise<number> {
  return new Promise((resolve) => {
    let bytes = 0;
    agent.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      agent.pause();
      setTimeout(() => agent.resume(), chunk.length / 1_000);
    });
    agent.on('end', () => resolve(bytes)).on('close', () => resolve(bytes));
    agent.resume();
  });
}

describe.each([
  ['in TLS', true],
  ['in plaintext', false],
])('an agent %s', (_, isTls) => {
  test('that reads slowly is not taken for one that does not read', { timeout: 60_000 }, async () => {
    const { reader, agent, stuck } = await asked(isTls);
    const begun = performance.now();
    const drained = new Promise((resolve) => reader.socket.once('drain', resolve));
    reader.socket.write(answer);
    reader.waitForDrain(true);
    void readSlowly(agent);
    const first = await Promise.race([drained.then(() => 'drained'), stuck.then(() => 'stuck')]);
    expect(first).toBe('drained');
    expect(performance.now() - begun).toBeGreaterThan(IDLE_MS);
  });

  test('that reads slowly gets all of a last answer', { timeout: 60_000 }, async () => {
    const { reader, agent } = await asked(isTls);
    reader.finish(answer);
    expect(await readSlowly(agent)).toBe(answer.length);
  });

  test('that does not read is cut', { timeout: 60_000 }, async () => {
    const { reader, stuck } = await asked(isTls);
    reader.socket.write(answer);
    reader.waitForDrain(true);
    await stuck;
  });

  test('that does not read a last answer is cut', { timeout: 60_000 }, async () => {
    const { reader } = await asked(isTls);
    const closed = new Promise((resolve) => reader.socket.once('close', resolve));
    reader.finish(answer);
    await closed;
    expect(reader.socket.writableFinished).toBe(false);
  });
});
