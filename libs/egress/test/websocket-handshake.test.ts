import { describe, expect, it } from 'vitest';
import { handshakeProblem, websocketAccept } from '@bot-bottle/egress';
import type { HeaderField } from '@bot-bottle/egress';

// RFC 6455 1.3
const key = 'dGhlIHNhbXBsZSBub25jZQ==';
const accept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
const sent: HeaderField[] = [
  ['Sec-WebSocket-Key', key],
  ['Sec-WebSocket-Protocol', 'chat, superchat'],
];
const good: HeaderField[] = [
  ['upgrade', 'WebSocket'],
  ['Connection', 'keep-alive, Upgrade'],
  ['Sec-WebSocket-Accept', accept],
];

it('computes the answer of RFC 6455 1.3', () => expect(websocketAccept(key)).toBe(accept));

describe('a 101', () => {
  it.each<[string, HeaderField[]]>([
    ['without a subprotocol', []],
    ['with one that was offered', [['Sec-WebSocket-Protocol', 'superchat']]],
  ])('is taken %s', (_name, more) => expect(handshakeProblem(sent, [...good, ...more])).toBeNull());

  it.each<[string, HeaderField[]]>([
    ['a subprotocol that was not offered', [...good, ['Sec-WebSocket-Protocol', 'chats']]],
    ['a subprotocol in another case', [...good, ['Sec-WebSocket-Protocol', 'Chat']]],
    ['two subprotocols in one', [...good, ['Sec-WebSocket-Protocol', 'chat, superchat']]],
    [
      'two subprotocols',
      [...good, ['Sec-WebSocket-Protocol', 'chat'], ['Sec-WebSocket-Protocol', 'superchat']],
    ],
    ['an empty subprotocol', [...good, ['Sec-WebSocket-Protocol', '']]],
    ['an extension', [...good, ['Sec-WebSocket-Extensions', 'permessage-deflate']]],
    ['no accept', good.slice(0, 2)],
    ['another accept', [...good.slice(0, 2), ['Sec-WebSocket-Accept', websocketAccept('other')]]],
    ['two accepts', [...good, ['Sec-WebSocket-Accept', accept]]],
    ['no upgrade', good.slice(1)],
    ['another protocol', [...good.slice(1), ['Upgrade', 'h2c']]],
    ['two protocols', [...good, ['Upgrade', 'h2c']]],
    ['no connection token', [['Upgrade', 'websocket'], ...good.slice(2)]],
  ])('is refused with %s', (_name, fields) => expect(handshakeProblem(sent, fields)).not.toBeNull());

  it('is refused with a subprotocol when none was offered', () => {
    expect(handshakeProblem(sent.slice(0, 1), [...good, ['Sec-WebSocket-Protocol', 'chat']])).not.toBeNull();
  });
});
