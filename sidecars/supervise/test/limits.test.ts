import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChannelBudget } from '../src/backend/channel-budget.ts';
import { CallLimit } from '../src/limits/call-limit.ts';
import { Slots } from '../src/limits/slots.ts';
import { within } from '../src/limits/within.ts';
import { failureOf, ToolFailure } from '../src/tool-failure.ts';

describe('CallLimit', () => {
  it('never lets more than its number through in any minute, and some again after one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 }),
        fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 200 }),
        (perMinute, pauses) => {
          let now = 0;
          const limit = new CallLimit(perMinute, () => now);
          const taken: number[] = [];
          for (const pause of pauses) {
            now += pause;
            if (limit.take()) taken.push(now);
          }
          for (const at of taken)
            expect(taken.filter((each) => each >= at && each < at + 60_000).length).toBeLessThanOrEqual(
              perMinute,
            );
          now += 60_000;
          expect(limit.take()).toBe(true);
        },
      ),
    );
  });
});

describe('Slots', () => {
  it('gives a place back once, however often that is asked', () => {
    const slots = new Slots(1);
    const free = slots.take();
    expect(slots.take()).toBeNull();
    free?.();
    free?.();
    expect(slots.taken).toBe(0);
    expect(slots.take()).not.toBeNull();
    expect(slots.take()).toBeNull();
  });
});

describe('ChannelBudget', () => {
  const refuse = (): ToolFailure => new ToolFailure('limit_exceeded');

  it('counts a question until it is answered, also one that fails', async () => {
    const budget = new ChannelBudget({ open: 1, perMinute: 100, refuse });
    const { promise, reject } = Promise.withResolvers<unknown>();
    const first = budget.ask(() => promise);
    await expect(budget.ask(async () => 1)).rejects.toMatchObject({ code: 'limit_exceeded' });
    reject(new Error('no'));
    await expect(first).rejects.toThrow('no');
    expect(await budget.ask(async () => 1)).toBe(1);
  });

  it('asks nothing beyond its rate', async () => {
    const budget = new ChannelBudget({ open: 5, perMinute: 2, refuse });
    let asked = 0;
    const ask = async (): Promise<unknown> => await budget.ask(async () => (asked += 1));
    await Promise.allSettled([ask(), ask(), ask(), ask()]);
    expect(asked).toBe(2);
  });
});

describe('within', () => {
  it('gives up when the time is over or a signal aborts, and not before', async () => {
    const never = new Promise<string>(() => undefined);
    expect(await within(never, 5, () => 'late')).toBe('late');
    expect(await within(never, 60_000, () => 'left', [AbortSignal.abort()])).toBe('left');
    expect(await within(Promise.resolve('done'), 60_000, () => 'late')).toBe('done');
  });
});

describe('failureOf', () => {
  it.each([
    ['too_many_proposals: 5 proposals wait for a human already', 'too_many_proposals', true],
    ['audit_unavailable: nothing may be asked', 'audit_unavailable', true],
    ['queue_unavailable: nothing may be asked', 'queue_unavailable', true],
    ['host: an IP address takes no grant', 'proposal_refused', false],
    ['constructor: x', 'proposal_refused', false],
    ['the bottle is being stopped', 'proposal_refused', false],
    ['', 'proposal_refused', false],
  ])('reads %j as %s', (text, code, retryable) => {
    expect(failureOf(text)).toMatchObject({ code, retryable });
  });

  it('shows whatever it is told in plain sight and bounded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), (text) => {
        const json = JSON.stringify(failureOf(text));
        expect(json.length).toBeLessThan(2500);
        expect(json).not.toMatch(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/u);
      }),
    );
  });
});
