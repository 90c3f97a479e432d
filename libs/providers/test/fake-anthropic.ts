import type { ServerResponse } from 'node:http';
import { localServer, type LocalServer } from './local-server.ts';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** A Messages API that answers every prompt with one line. */
export async function fakeAnthropic(reply: string): Promise<LocalServer & { readonly seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = await localServer((request, body, response) => {
    const { method = '', url: path = '', headers } = request;
    seen.push({ method, path, authorization: headers.authorization, body });
    if (path.startsWith('/v1/messages') && body.includes('"stream":true')) stream(response, reply);
    else if (path.startsWith('/v1/messages/count_tokens')) json(response, { input_tokens: 1 });
    else if (path.startsWith('/v1/messages')) json(response, message(reply));
    else json(response, {});
  });
  return { ...server, seen };
}

const usage = { input_tokens: 1, output_tokens: 1 };
const message = (text: string): object => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-test',
  content: [{ type: 'text', text }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage,
});

function json(response: ServerResponse, value: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function stream(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const events: ReadonlyArray<Record<string, unknown> & { readonly type: string }> = [
    { type: 'message_start', message: { ...message(text), content: [], stop_reason: null } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage },
    { type: 'message_stop' },
  ];
  for (const event of events) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  response.end();
}
