import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CommandHead } from '../src/push/command-head.ts';
import { flush, pkt, receivePackBody, zeroOid } from './support/pkt-line.ts';

const command = { oldOid: zeroOid, newOid: '1'.repeat(40), ref: 'refs/heads/x' };

function accepts(body: Buffer, cuts: readonly number[]): boolean {
  const head = new CommandHead();
  const places = [0, ...cuts.map((cut) => cut % (body.length + 1)).toSorted((a, b) => a - b), body.length];
  return places.slice(1).every((end, index) => head.take(body.subarray(places[index], end)));
}

const cuts = fc.array(fc.nat(4000), { maxLength: 20 });

test('commands and a pack pass, wherever the bytes are cut', () => {
  const body = receivePackBody(
    [command, { ...command, ref: 'refs/heads/y' }],
    Buffer.from('PACK0012push-cert'),
  );
  fc.assert(fc.property(cuts, (places) => accepts(body, places)));
});

test.each([
  ['first', [pkt('push-cert\0 report-status'), flush]],
  ['after shallow lines', [pkt(`shallow ${'1'.repeat(40)}`), pkt('push-cert\0 report-status'), flush]],
  [
    'after a command',
    [receivePackBody([command], Buffer.alloc(0)).subarray(0, -4), pkt('push-cert\n'), flush],
  ],
  [
    'with its length in capitals',
    [pkt(`shallow ${'1'.repeat(40)}`), Buffer.from('001Apush-cert\0 report-sta'), flush],
  ],
])('a certificate %s does not, wherever the bytes are cut', (_, parts) => {
  const body = Buffer.concat(parts);
  fc.assert(fc.property(cuts, (places) => !accepts(body, places)));
});

test('a head without an end is given up', () => {
  const head = new CommandHead();
  const line = pkt(`${zeroOid} ${'1'.repeat(40)} refs/heads/${'x'.repeat(60_000)}`);
  const taken = Array.from({ length: 100 }, () => head.take(line));
  expect(taken).toContain(false);
});
