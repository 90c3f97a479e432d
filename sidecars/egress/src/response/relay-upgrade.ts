import type { Duplex } from 'node:stream';
import type { HeaderField } from '@bot-bottle/egress';
import type { AgentReader } from '../agent/agent-reader.ts';
import { headText } from './http-text.ts';

/**
 * Tells the agent that the protocol was switched and carries bytes both ways, each side read only as fast as the
 * other takes them. `over` is called once when either side ends.
 */
export function relayUpgrade(
  reader: AgentReader,
  headers: readonly HeaderField[],
  upstream: Duplex,
  idleMs: number,
  over: () => void,
): void {
  const agent = reader.detach();
  const fields = headers.filter(([name]) => name.toLowerCase() !== 'content-length');
  agent.write(
    headText(101, 'Switching Protocols', [...fields, ['Connection', 'Upgrade'], ['Upgrade', 'websocket']]),
    'latin1',
  );
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    agent.destroy();
    upstream.destroy();
    over();
  };
  // traffic in either direction passes the agent's socket
  agent.setTimeout(idleMs, end);
  carry(agent, upstream, end);
  carry(upstream, agent, end);
}

function carry(from: Duplex, to: Duplex, end: () => void): void {
  from.on('data', (chunk: Buffer) => {
    if (!to.write(chunk)) from.pause();
  });
  to.on('drain', () => from.resume());
  // a side that half-closes may still have bytes on their way to it
  from.on('end', () => to.end());
  from.on('close', end).on('error', end);
  from.resume();
}
