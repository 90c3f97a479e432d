import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { Witness } from './witness.ts';

export interface Answer {
  readonly a?: readonly string[];
  readonly aaaa?: readonly string[];
}

/** @param asked how often this name was asked for with this type before */
export type Zone = (name: string, asked: number) => Answer | null;

const types: Readonly<Record<number, keyof Answer>> = { 1: 'a', 28: 'aaaa' };

/** A DNS server (RFC 1035, UDP and TCP) that answers by a function and notes every name it is asked for. */
export async function startResolver(address: string, zone: Zone): Promise<Witness> {
  const notes: string[] = [];
  const asked = new Map<string, number>();
  const answer = (query: Buffer): Buffer => {
    const { name, type, end } = question(query);
    notes.push(name);
    const kind = types[type];
    const before = asked.get(`${type} ${name}`) ?? 0;
    asked.set(`${type} ${name}`, before + 1);
    const found = zone(name, before);
    const records = kind === undefined ? [] : (found?.[kind] ?? []);
    const head = Buffer.from(query.subarray(0, 12));
    head.writeUInt16BE(found === null ? 0x8183 : 0x8180, 2);
    head.writeUInt16BE(records.length, 6);
    head.writeUInt32BE(0, 8);
    const body = records.map((record) => {
      const bytes = kind === 'a' ? v4Bytes(record) : v6Bytes(record);
      const fixed = Buffer.from('c00c0000000100000000', 'hex');
      fixed.writeUInt16BE(type, 2);
      return Buffer.concat([fixed, Buffer.from([0, bytes.length]), bytes]);
    });
    return Buffer.concat([head, query.subarray(12, end), ...body]);
  };
  const udp = createSocket('udp4');
  udp.on('message', (query, from) => udp.send(answer(query), from.port, from.address));
  udp.bind(53, address);
  await once(udp, 'listening');
  const sockets = new Set<Socket>();
  const tcp = createServer((socket) => {
    sockets.add(socket);
    notes.push('a TCP connection');
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      const reply = answer(data.subarray(2));
      socket.end(Buffer.concat([Buffer.from([reply.length >> 8, reply.length & 255]), reply]));
    });
  });
  tcp.listen(53, address);
  await once(tcp, 'listening');
  return {
    notes: () => notes,
    close: () => {
      for (const socket of sockets) socket.destroy();
      tcp.close();
      udp.close();
    },
  };
}

function question(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0 && at + length < query.length; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += length + 1;
  }
  const type = at + 2 < query.length ? query.readUInt16BE(at + 1) : 0;
  return { name: labels.join('.'), type, end: at + 5 };
}

const v4Bytes = (address: string): Buffer => Buffer.from(address.split('.').map(Number));

/** Full form only, but for one `::`. */
function v6Bytes(address: string): Buffer {
  const [front = '', back = ''] = address.split('::');
  const words = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16));
  const [head, tail] = [words(front), words(back)];
  const middle = Array.from({ length: 8 - head.length - tail.length }, () => 0);
  return Buffer.from([...head, ...middle, ...tail].flatMap((word) => [word >> 8, word & 255]));
}
