import { connect } from 'node:net';
import { createSuperviseServer } from '@bot-bottle/sidecar-supervise';
import { must } from '../../fuzz/target.ts';
import type { FuzzTarget } from '../../fuzz/target.ts';
import { sendAndListen } from './exchange.ts';

const answered = (text: string): unknown[] =>
  text
    .split('\n')
    .map((line) => line.replace(/^data: /, ''))
    .filter((line) => line.startsWith('{') || line.startsWith('['))
    .map((line) => JSON.parse(line) as unknown);

/** Bodies of MCP messages at the real server. */
export const mcpBody: FuzzTarget = {
  name: 'mcp-body',
  about:
    'every body is answered once, never with an internal error or a trace of the program, and with its own id',
  words: [
    '{"jsonrpc":"2.0","id":1,"method":"ping"}',
    '"method":"tools/list"',
    '"method":"tools/call"',
    '"name":"egress-block"',
    '"name":"explain-denial"',
    '"name":"check-proposal"',
    '"arguments":{}',
    '"host":"a.example"',
    '"justification":"x"',
    '"id":null',
    '"id":"x"',
    '"params":',
    '"_meta":{"progressToken":1}',
    '"__proto__":{"x":1}',
    '[',
    ']',
    '{"a":',
    'null',
    '\\u0000',
    '\\ud800',
    '\xff',
    '1e999',
  ],
  concurrency: 8,
  limitMs: 60_000,
  open: async () => {
    const server = createSuperviseServer({
      config: { bottle: 'fuzz-abcde', listen: '127.0.0.1:0', response_timeout_seconds: 0.05 },
      secrets: {},
      backend: () => ({
        propose: async () => '0'.repeat(26),
        status: async () => null,
        routes: async () => ({ routes: [] }),
      }),
      audit: async () => undefined,
      log: () => undefined,
    });
    const [address = ''] = await server.listen();
    const port = Number(address.split(':').at(-1));
    return {
      run: async (bytes) => {
        const socket = connect({ host: '127.0.0.1', port });
        let text = '';
        socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
        const head =
          'POST /mcp HTTP/1.1\r\nHost: supervise:9100\r\nContent-Type: application/json\r\n' +
          `Accept: application/json, text/event-stream\r\nContent-Length: ${bytes.length}\r\nConnection: close\r\n\r\n`;
        const heard = await sendAndListen(socket, Buffer.concat([Buffer.from(head), bytes]), false);
        must(heard.isWhole, 'the answer was cut');
        const [answer] = heard.answers;
        must(answer !== undefined && heard.answers.length === 1, `${heard.answers.length} answers`);
        must(answer.status < 500, `answered with ${answer.status}`);
        must(
          !/node:internal|\.ts:\d|\.js:\d|at \S+ \(/.test(text),
          'the answer shows a trace of the program',
        );
        must(Reflect.get({}, 'x') === undefined, 'a prototype was polluted');
        if (answer.status !== 200) return false;
        let asked: unknown = null;
        try {
          asked = JSON.parse(bytes.toString('utf8'));
        } catch {
          must(false, 'what is not JSON is answered with 200');
        }
        const id: unknown =
          typeof asked === 'object' && asked !== null ? Reflect.get(asked, 'id') : undefined;
        for (const message of answered(text.slice(text.indexOf('\r\n\r\n')))) {
          const own: unknown =
            typeof message === 'object' && message !== null ? Reflect.get(message, 'id') : null;
          if (typeof id === 'string' || typeof id === 'number')
            must(own === id || own === undefined || own === null, `answered with the id ${String(own)}`);
        }
        return true;
      },
      close: () => server.close(),
    };
  },
};
