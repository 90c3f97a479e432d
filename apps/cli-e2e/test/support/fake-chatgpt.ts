import type { ServerResponse } from 'node:http';
import { WebSocketServer } from 'ws';
import { Upstream } from './upstream.ts';

export const codexAnswer = 'The bottle holds no token.';

/**
 * A stand-in for ChatGPT's back end as the Codex CLI uses it with a subscription. It answers who the account is, and
 * streams the Responses API's events: over a WebSocket when `onMessage` is there to be told what came through it, else
 * over HTTP, refusing WebSockets as the real one may.
 */
export function fakeChatGpt(accountId: string, onMessage: ((text: string) => void) | null = null): Upstream {
  const upstream = new Upstream(['chatgpt.com', 'api.openai.com'], (request, response) => {
    if (request.method === 'GET' && request.url.startsWith('/backend-api/wham/accounts/check'))
      answerAccount(response, accountId);
    else if (request.method === 'GET' && request.url.startsWith('/backend-api/codex/models'))
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"models":[]}');
    else if (request.method === 'POST' && request.url.startsWith('/backend-api/codex/responses'))
      answerTurn(response);
    // at once the Codex CLI goes on over plain HTTP only after this one
    else if (request.headers.upgrade !== undefined) response.writeHead(426).end();
    else response.writeHead(404, { 'Content-Type': 'application/json' }).end('{}');
  });
  if (onMessage === null) return upstream;
  const sockets = new WebSocketServer({ noServer: true });
  upstream.server.on('upgrade', (request, socket, head) =>
    sockets.handleUpgrade(request, socket, head, (websocket) => {
      websocket.on('error', () => undefined);
      websocket.on('message', (data: Buffer) => {
        onMessage(data.toString());
        for (const event of turn) websocket.send(JSON.stringify(event));
      });
    }),
  );
  return upstream;
}

function answerAccount(response: ServerResponse, id: string): void {
  const account = {
    id,
    workspace_backend_origin: 'https://chatgpt.com',
    account_routing_override: 'NO_CONSTRAINT',
  };
  response
    .writeHead(200, { 'Content-Type': 'application/json' })
    .end(JSON.stringify({ accounts: [account] }));
}

function answerTurn(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  for (const event of turn) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  response.end();
}

const id = 'resp_e2e';
/** One answer of the model. */
const turn = [
  { type: 'response.created', response: { id } },
  {
    type: 'response.output_item.done',
    item: {
      type: 'message',
      role: 'assistant',
      id: 'msg_e2e',
      content: [{ type: 'output_text', text: codexAnswer }],
    },
  },
  {
    type: 'response.completed',
    response: { id, usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 } },
  },
];
