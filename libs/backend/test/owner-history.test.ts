import fc from 'fast-check';
import { expect, it } from 'vitest';
import { HistoryRing } from '../src/owner/history-ring.ts';

it('keeps everything while it fits', () => {
  const ring = new HistoryRing(10);
  ring.push(Buffer.from('abc'));
  ring.push(Buffer.from('def'));
  expect(ring.contents().toString()).toBe('abcdef');
});

it('keeps a tail of at most its size', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 30 })),
      fc.integer({ min: 1, max: 40 }),
      (chunks, limit) => {
        const ring = new HistoryRing(limit);
        for (const chunk of chunks) ring.push(chunk);
        const kept = ring.contents();
        const all = Buffer.concat(chunks);
        expect(kept.length).toBeLessThanOrEqual(limit);
        expect(all.subarray(all.length - kept.length).equals(kept)).toBe(true);
      },
    ),
  );
});

it('starts at a line or an escape sequence once something was dropped', () => {
  const ring = new HistoryRing(8);
  ring.push(Buffer.from('38;5;1mred\u001b[0mx'));
  expect(ring.contents().toString()).toBe('\u001b[0mx');
});
