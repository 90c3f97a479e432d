import type { Duplex } from 'node:stream';
import type { EchoRedactor, HeaderField } from '@bot-bottle/egress';
import type { AgentReader } from '../agent/agent-reader.ts';
import { headText } from './http-text.ts';

/** How long the end of a message may be held back because a credential could begin with it. */
const HELD_MS = 50;

/**
 * Tells the agent that the protocol was switched and carries bytes both ways, each side read only as fast as the
 * other takes them. `echoes` overwrites the credential in what comes back; `over` is called once when either side
 * ends.
 */
export function relayUpgrade(
  reader: AgentReader,
  headers: readonly HeaderField[],
  upstream: Duplex,
  idleMs: number,
  over: () => void,
  echoes: EchoRedactor | null,
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
  carry(agent, upstream, end, null);
  carry(upstream, agent, end, echoes);
}

function carry(from: Duplex, to: Duplex, end: () => void, echoes: EchoRedactor | null): void {
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    const held = echoes?.end();
    if (held !== undefined && held.length > 0 && to.writable) to.write(held);
  };
  from.on('data', (chunk: Buffer) => {
    if (!to.write(echoes === null ? chunk : echoes.push(chunk))) from.pause();
    if (echoes === null) return;
    clearTimeout(timer);
    timer = setTimeout(flush, HELD_MS);
    timer.unref();
  });
  to.on('drain', () => from.resume());
  // a side that half-closes may still have bytes on their way to it
  from.on('end', () => {
    flush();
    to.end();
  });
  from.on('close', () => clearTimeout(timer));
  from.on('close', end).on('error', end);
  from.resume();
}
