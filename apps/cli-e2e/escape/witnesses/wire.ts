import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { eventually } from '../../test/support/eventually.ts';
import { outside } from '../facts.ts';
import type { Witness } from './witness.ts';

/** Where markers go: nobody listens there. */
const MARKER_ADDRESS = '127.0.0.154';

/**
 * Every packet on any interface of the host that goes outside, to a resolver, or to the metadata address. Of those to
 * port 53 only such with the nonce count, since the host has questions of its own.
 */
export async function startWire(nonce: string): Promise<Witness> {
  const sniffer = spawn('python3', [path.join(import.meta.dirname, 'sniff.py')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  sniffer.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const lines: string[] = [];
  createInterface({ input: sniffer.stdout }).on('line', (line) => lines.push(line));
  await eventually('the sniffer is ready', () => {
    if (sniffer.exitCode !== null) throw new Error(`the sniffer ended: ${stderr}`);
    return lines[0] === 'ready';
  });
  const send = async (text: string, to: string): Promise<void> => {
    const socket = createSocket('udp4');
    await new Promise((resolve) => socket.send(text, 53, to, resolve));
    socket.close();
  };
  let markers = 0;
  // Packets come in their order: with a marker's own everything before it was read, too.
  const settle = async (): Promise<void> => {
    markers += 1;
    const marker = Buffer.from(`marker-${nonce}-${markers}.`).toString('hex');
    await send(`marker-${nonce}-${markers}.`, MARKER_ADDRESS);
    await eventually('the marker is seen', () => lines.some((line) => line.includes(marker)));
  };
  return {
    notes: async () => {
      await settle();
      return lines.slice(1).filter((line) => isOfTheBottle(line, nonce));
    },
    close: async () => {
      const gone = once(sniffer, 'exit');
      sniffer.kill();
      await gone;
    },
  };
}

const outsideV4 = Buffer.from(outside.v4.split('.').map(Number)).toString('hex');
const outsideV6 = `20010db8${outside.v6.split('::')[1]?.padStart(24, '0') ?? ''}`;

function isOfTheBottle(packet: string, nonce: string): boolean {
  const to = packet.startsWith('4') ? packet.slice(32, 40) : packet.slice(48, 80);
  // The first packet of a connection carries nothing, so that the address must do.
  if (to === outsideV4 || to === outsideV6) return true;
  const text = Buffer.from(packet, 'hex').toString('latin1').toLowerCase();
  return text.includes(nonce) && !text.includes(`marker-${nonce}`);
}
