import type { Socket } from 'node:net';
import { must } from '../../fuzz/target.ts';
import { ResponseParser } from '../../http/response-parser.ts';
import type { ParsedResponse } from '../../http/response-parser.ts';

/** What a proxy answered to bytes that were sent on one connection, until it closed that. */
export interface Heard {
  readonly answers: readonly ParsedResponse[];
  /** whether the last answer was whole, or there was none */
  readonly isWhole: boolean;
}

/**
 * Sends bytes and reads until the other side closes. Every answer is judged by the strict parser; one that cannot have
 * a body because HEAD asked for it may end where its body would begin.
 */
export function sendAndListen(socket: Socket, bytes: Buffer, hasHead: boolean): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const answers: ParsedResponse[] = [];
    const state: { bodyBytes: number; open: ParsedResponse | null } = { bodyBytes: 0, open: null };
    const parser = new ResponseParser({
      head: (response) => {
        state.open = response;
        state.bodyBytes = 0;
      },
      body: (chunk) => (state.bodyBytes += chunk.length),
      end: (response) => {
        state.open = null;
        answers.push(response);
      },
    });
    socket.on('data', (chunk: Buffer) => {
      try {
        parser.push(chunk);
      } catch (error) {
        socket.destroy();
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      const isBetween = parser.finish();
      const isHead = hasHead && state.open !== null && state.bodyBytes === 0;
      resolve({ answers, isWhole: isBetween || isHead });
    });
    socket.write(bytes);
  });
}

/** What holds for answers of egress to anything. */
export function judge({ answers, isWhole }: Heard): void {
  for (const [i, answer] of answers.entries()) {
    const { status, headers } = answer;
    const names = headers.map(([name]) => name);
    must(!names.includes('alt-svc') && !names.includes('keep-alive'), 'a field of the hop is passed on');
    const denied = headers.find(([name]) => name === 'x-bot-bottle-deny')?.[1];
    if (denied === undefined) continue;
    must(status >= 400, `a denial with status ${status}`);
    must(i === answers.length - 1, 'something was answered after a denial, which ends the connection');
    must(
      headers.some(([name, value]) => name === 'connection' && value === 'close'),
      'a denial that keeps alive',
    );
  }
  must(isWhole, 'an answer was cut in its middle');
}
