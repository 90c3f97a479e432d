import type { Duplex } from 'node:stream';
import { handshakeProblem } from '@bot-bottle/egress';
import type { HeaderField } from '@bot-bottle/egress';
import type { AgentReader } from '../agent/agent-reader.ts';
import type { OutgoingHead } from '../request/scan-head.ts';
import { headText } from '../response/http-text.ts';
import { WebSocketRelay } from './websocket-relay.ts';
import type { RelayOptions } from './websocket-relay.ts';

/** The answer by which an upstream switches to another protocol. */
export interface Switched {
  readonly status: number;
  /** its fields as they came */
  readonly answered: readonly HeaderField[];
  /** those that the agent may see */
  readonly passing: readonly HeaderField[];
  readonly socket: Duplex;
}

export type SwitchOptions = Omit<RelayOptions, 'answer' | 'agent' | 'upstream'> & {
  readonly reader: AgentReader;
};

/**
 * Checks a 101 against the handshake that was sent, and only then tells the agent and carries the WebSocket; null: it was
 * not a good one, and the upstream's socket is gone.
 */
export function switchProtocols(
  { status, answered, passing, socket }: Switched,
  sent: OutgoingHead,
  { reader, ...options }: SwitchOptions,
): WebSocketRelay | null {
  if (status !== 101 || handshakeProblem(sent.headers, answered) !== null) {
    socket.on('error', () => undefined);
    socket.destroy();
    return null;
  }
  const fields = passing.filter(([name]) => name.toLowerCase() !== 'content-length');
  const answer = headText(101, 'Switching Protocols', [
    ...fields,
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
  ]);
  const relay = new WebSocketRelay({ ...options, answer, agent: reader.detach(), upstream: socket });
  relay.start();
  return relay;
}
