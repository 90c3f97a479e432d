import type { ServerResponse } from 'node:http';
import { type SeenRequest, Upstream } from './upstream.ts';

/** What the fake model says, in the pieces in which it is streamed. */
export const answerPieces = ['The bottle ', 'holds ', 'no secret.'] as const;

/** A tool that the fake model calls before it answers, once its list of tools has it. */
export interface ToolCall {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/**
 * A stand-in for the Anthropic API that speaks the Messages API's server-sent events.
 *
 * @param held what the last answer waits for, with `ping` events meanwhile, so that a turn can be looked at
 */
export function fakeAnthropic(
  call: ToolCall | null = null,
  held: Promise<void> = Promise.resolve(),
): Upstream {
  return new Upstream(['api.anthropic.com'], (request, response) => {
    if (request.method === 'POST' && request.url.startsWith('/v1/messages'))
      void answerMessage(request, response, call, held);
    else response.writeHead(404, { 'Content-Type': 'application/json' }).end('{"type":"error"}');
  });
}

async function answerMessage(
  request: SeenRequest,
  response: ServerResponse,
  call: ToolCall | null,
  held: Promise<void>,
): Promise<void> {
  if (request.url.includes('count_tokens')) {
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"input_tokens":1}');
    return;
  }
  const { stream, model } = JSON.parse(request.body) as { stream?: boolean; model: string };
  const message = {
    id: 'msg_e2e',
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 1, output_tokens: 1 },
  };
  if (stream !== true) {
    const content = [{ type: 'text', text: answerPieces.join('') }];
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ ...message, content, stop_reason: 'end_turn' }));
    return;
  }
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  const mayCall = call !== null && request.body.includes(call.name) && !request.body.includes('tool_result');
  if (request.body.includes('tool_result')) await pingUntil(response, held);
  sendOneByOne(response, [
    { type: 'message_start', message },
    ...(mayCall ? toolEvents(call) : textEvents()),
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: mayCall ? 'tool_use' : 'end_turn', stop_sequence: null },
      usage: { output_tokens: 3 },
    },
    { type: 'message_stop' },
  ]);
}

async function pingUntil(response: ServerResponse, held: Promise<void>): Promise<void> {
  const timer = setInterval(() => response.write('event: ping\ndata: {"type":"ping"}\n\n'), 1000);
  await held;
  clearInterval(timer);
}

type StreamEvent = { type: string; [key: string]: unknown };

function textEvents(): StreamEvent[] {
  return [
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ...answerPieces.map((text) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text },
    })),
  ];
}

function toolEvents({ name, input }: ToolCall): StreamEvent[] {
  const block = { type: 'tool_use', id: 'toolu_e2e', name, input: {} };
  const delta = { type: 'input_json_delta', partial_json: JSON.stringify(input) };
  return [
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_delta', index: 0, delta },
  ];
}

/** One event a turn of the event loop, so that a proxy that buffers would be seen. */
function sendOneByOne(response: ServerResponse, events: ReadonlyArray<{ type: string }>): void {
  const [event, ...rest] = events;
  if (event === undefined) {
    response.end();
    return;
  }
  response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`, () => {
    setImmediate(() => sendOneByOne(response, rest));
  });
}
