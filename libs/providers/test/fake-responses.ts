import { localServer, type LocalServer } from './local-server.ts';

/** A Responses API that answers every turn with one line, and keeps what it was sent. */
export async function fakeResponses(reply: string): Promise<LocalServer & { readonly bodies: string[] }> {
  const bodies: string[] = [];
  const server = await localServer((request, body, response) => {
    if (request.method !== 'POST') return void response.writeHead(404).end();
    bodies.push(body);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of turn(reply))
      response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    response.end();
  });
  return { ...server, bodies };
}

function turn(text: string): Array<{ type: string; [key: string]: unknown }> {
  const content = [{ type: 'output_text', text }];
  const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };
  return [
    {
      type: 'response.output_item.done',
      item: { type: 'message', role: 'assistant', id: 'msg_1', content },
    },
    { type: 'response.completed', response: { id: 'resp_1', usage } },
  ];
}
