import { createChunkedDecoder } from '@bot-bottle/egress';
import { NodeReference } from '../../../../libs/egress/test/support/node-reference.ts';
import { must, mustEqual } from '../fuzz/target.ts';
import type { FuzzTarget } from '../fuzz/target.ts';
import { inPieces } from './split.ts';

interface Decoded {
  readonly ok: boolean;
  readonly done: boolean;
  readonly body: string;
  readonly consumed: number;
}

function decode(pieces: readonly Buffer[]): Decoded {
  const decoder = createChunkedDecoder();
  let body = '';
  let consumed = 0;
  for (const piece of pieces) {
    const step = decoder.push(piece);
    if (!step.ok) return { ok: false, done: false, body: '', consumed: 0 };
    must(step.consumed <= piece.length, 'more was consumed than was given');
    must(step.done || step.consumed === piece.length, 'bytes were left though the body goes on');
    body += Buffer.concat([...step.data]).toString('latin1');
    consumed += step.consumed;
    if (step.done) return { ok: true, done: true, body, consumed };
  }
  return { ok: true, done: false, body, consumed };
}

/** Chunked bodies. */
export const chunkedBody: FuzzTarget = {
  name: 'chunked-body',
  about: 'a chunked body is the same however it arrives, and Node reads the same and ends at the same byte',
  words: [
    '\r\n',
    '\n',
    '0\r\n\r\n',
    '0\r\n',
    '3\r\nabc\r\n',
    ';x=y',
    ';x="',
    'A',
    'ffffffff',
    '+1',
    '0x1',
    ' ',
    '\t',
    'T: 1\r\n',
    '\0',
  ],
  open: async () => {
    const node = new NodeReference();
    return {
      close: async () => node.close(),
      run: async (bytes) => {
        const whole = decode([bytes]);
        const pieces = decode(inPieces(bytes));
        mustEqual(pieces, whole, 'a body that arrives in pieces');
        must(whole.body.length <= bytes.length, 'a body is longer than what it came from');
        if (!whole.done) return false;
        const head = 'POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n';
        const next = 'GET /next HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n';
        const [first, second] = await node.read(
          Buffer.concat([Buffer.from(head), bytes.subarray(0, whole.consumed), Buffer.from(next)]),
        );
        if (first === undefined || first === 'refused') must(false, 'the parser of Node refuses it');
        mustEqual(first.body, whole.body, 'the body');
        must(second !== undefined && second !== 'refused' && second.url === '/next', 'it ends elsewhere');
        return true;
      },
    };
  },
};
