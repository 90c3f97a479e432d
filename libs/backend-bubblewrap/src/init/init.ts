import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { type BridgePort, listenBridge } from './bridge.ts';
import { Child } from './child.ts';
import {
  type CheckRequest,
  encodeFrame,
  type Frame,
  FrameReader,
  fromInit,
  MAX_TO_INIT_BYTES,
  type StartRequest,
  toInit,
} from './frames.ts';

// first process of a bottle: does what the owner says over descriptor 3, and ends when the owner is gone
const channel = new Socket({ fd: 3, readable: true, writable: true });
const reader = new FrameReader(MAX_TO_INIT_BYTES);
const children = new Map<number, Child>();

const send = (type: number, process: number, payload?: Uint8Array) => {
  if (!channel.destroyed) channel.write(encodeFrame(type, process, payload));
};

function start(id: number, payload: Buffer): void {
  const request = JSON.parse(payload.toString()) as StartRequest;
  children.set(
    id,
    new Child(
      request,
      (type, bytes) => send(type, id, bytes),
      () => children.delete(id),
    ),
  );
}

async function check(id: number, payload: Buffer): Promise<void> {
  const { lookForWaysOut } = await import('./check.ts');
  const problems = await lookForWaysOut(JSON.parse(payload.toString()) as CheckRequest);
  send(
    fromInit.checked,
    id,
    Buffer.from(JSON.stringify(problems.map((text) => text.slice(0, 200)).slice(0, 50))),
  );
}

function handle({ type, process: id, payload }: Frame): void {
  const child = children.get(id);
  switch (type) {
    case toInit.start:
      return start(id, payload);
    case toInit.check:
      return void check(id, payload);
    case toInit.stdin:
      return child?.write(payload);
    case toInit.stdinEnd:
      return child?.end();
    case toInit.ackStdout:
      return child?.acknowledge('stdout', payload.readUInt32BE(0));
    case toInit.ackStderr:
      return child?.acknowledge('stderr', payload.readUInt32BE(0));
    case toInit.signal:
      return child?.signal(payload.readUInt8(0));
    case toInit.resize:
      return child?.resize({ cols: payload.readUInt16BE(0), rows: payload.readUInt16BE(2) });
    default:
      throw new RangeError(`frame type ${type}`);
  }
}

channel.on('data', (chunk: Buffer) => reader.push(chunk).forEach(handle));
channel.on('error', () => process.exit(0));
channel.on('close', () => process.exit(0));
// signals of the agent must not end it by accident; SIGKILL ends the bottle
for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM', 'SIGPIPE'] as const) process.on(signal, () => {});

// the owner put /dev/null there before this process began, so none of them is Node's own
for (const fd of JSON.parse(process.argv[3] ?? '[]') as number[]) closeSync(fd);
const bridges = JSON.parse(process.argv[2] ?? '[]') as BridgePort[];
await Promise.all(bridges.map(listenBridge));
send(fromInit.ready, 0);
