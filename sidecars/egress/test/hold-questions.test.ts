import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ApprovedValues } from '../src/hold/approved-values.ts';
import type { FoundValue } from '../src/hold/approved-values.ts';
import { Questions } from '../src/hold/questions.ts';
import type { Question, Verdict, Waiting } from '../src/hold/questions.ts';

const value = (name: string, rule = 'token_patterns/x'): FoundValue => ({ rule, sha256: name.repeat(64) });

class Request implements Waiting {
  readonly place: string;
  readonly values: readonly FoundValue[];
  readonly ids: string[] = [];
  readonly verdicts: Verdict[] = [];

  constructor(place: string, values: readonly FoundValue[]) {
    this.place = place;
    this.values = values;
  }

  opened(id: string): void {
    this.ids.push(id);
  }

  settle(verdict: Verdict): void {
    this.verdicts.push(verdict);
  }
}

describe('approved values', () => {
  test('are those of one scheme, host, rule and hash', () => {
    const approved = new ApprovedValues([{ scheme: 'https', host: 'a.test', ...value('1') }]);
    expect(approved.covers('https://a.test', [value('1')])).toBe(true);
    // consent to TLS is none to plaintext
    expect(approved.covers('http://a.test', [value('1')])).toBe(false);
    expect(approved.covers('https://a.test', [value('1'), value('2')])).toBe(false);
    expect(approved.covers('https://a.test', [value('1', 'token_patterns/y')])).toBe(false);
    expect(approved.covers('https://b.test', [value('1')])).toBe(false);
    expect(approved.of('https://b.test')).toBeNull();
  });

  test('stay the same array until there are more, so that scanners are compiled once', () => {
    const approved = new ApprovedValues();
    approved.add('a.test', [value('1')]);
    const before = approved.of('a.test');
    approved.add('a.test', [value('1')]);
    approved.add('b.test', [value('2')]);
    expect(approved.of('a.test')).toBe(before);
    approved.add('a.test', [value('2')]);
    expect(approved.of('a.test')).toEqual([value('1'), value('2')]);
  });

  test('are never line breaks', () => {
    const approved = new ApprovedValues([{ scheme: 'https', host: 'a.test', ...value('1', 'crlf/raw') }]);
    expect(approved.of('https://a.test')).toBeNull();
    expect(approved.covers('https://a.test', [value('1', 'crlf/raw')])).toBe(false);
  });
});

describe('questions', () => {
  test('tell the id to those who came before and after it was known', () => {
    const questions = new Questions();
    const question = questions.add('k', 'a.test', [value('1')]);
    const early = new Request('a.test', [value('1')]);
    const late = new Request('a.test', [value('1')]);
    questions.join(question, early);
    questions.opened(question, 'id');
    questions.join(question, late);
    expect([early.ids, late.ids]).toEqual([['id'], ['id']]);
  });

  test('outlive those who asked them', () => {
    const questions = new Questions();
    const question = questions.add('k', 'a.test', [value('1')]);
    const request = new Request('a.test', [value('1')]);
    questions.join(question, request);
    questions.opened(question, 'id');
    questions.leave(question, request, { kind: 'left' });
    expect(questions.find('k')).toBe(question);
    questions.approve('id');
    expect(questions.find('k')).toBeNull();
    expect(request.verdicts).toEqual([{ kind: 'left' }]);
    expect(questions.approved.covers('a.test', [value('1')])).toBe(true);
  });

  test('end for all of their own when the launcher refuses', () => {
    const questions = new Questions();
    const question = questions.add('k', 'a.test', [value('1')]);
    const request = new Request('a.test', [value('1')]);
    questions.join(question, request);
    questions.failed(question, { kind: 'failed', why: 'x' });
    expect(request.verdicts).toEqual([{ kind: 'failed', why: 'x' }]);
    expect(questions.open).toBe(0);
  });
});

type Step =
  | { readonly do: 'ask'; readonly host: number; readonly values: readonly number[]; readonly listed: number }
  | { readonly do: 'open' | 'fail' | 'approve' | 'reject' | 'leave'; readonly which: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('ask' as const),
    host: fc.nat(2),
    values: fc.uniqueArray(fc.nat(4), { minLength: 1 }),
    listed: fc.integer({ min: 1, max: 5 }),
  }),
  fc.record({
    do: fc.constantFrom('open', 'fail', 'approve', 'reject', 'leave'),
    which: fc.nat(30),
  }),
);

test('whatever happens, only approved values pass, to their host, and nobody waits twice or for ever', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const questions = new Questions();
      const all: Question[] = [];
      const requests: Array<{ request: Request; question: Question }> = [];
      /** an independent record of what was let pass */
      const allowed = new Set<string>();
      for (const [index, each] of steps.entries()) {
        if (each.do === 'ask') {
          const values = each.values.map((n) => value(String(n)));
          const listed = values.slice(0, each.listed);
          const host = `h${each.host}.test`;
          // as `Holds` does: what was let pass is asked about no more
          if (questions.approved.covers(host, values)) continue;
          const key = JSON.stringify([host, listed, values.length]);
          const question = questions.find(key) ?? questions.add(key, host, listed);
          if (!all.includes(question)) all.push(question);
          const request = new Request(host, values);
          requests.push({ request, question });
          questions.join(question, request);
          continue;
        }
        const question = all[each.which % Math.max(1, all.length)];
        if (question === undefined) continue;
        const isOpen = questions.find(question.key) === question;
        switch (each.do) {
          case 'open':
            if (isOpen && question.id === null) questions.opened(question, `id${index}`);
            break;
          case 'fail':
            if (isOpen && question.id === null) questions.failed(question, { kind: 'failed', why: '' });
            break;
          case 'approve':
            if (question.id === null || !questions.has(question.id)) break;
            for (const { sha256 } of question.listed) allowed.add(`${question.place} ${sha256}`);
            questions.approve(question.id);
            break;
          case 'reject':
            if (question.id !== null) questions.reject(question.id, { kind: 'rejected', reason: '' });
            break;
          case 'leave': {
            const one = requests[each.which % requests.length];
            if (one !== undefined) questions.leave(one.question, one.request, { kind: 'left' });
            break;
          }
        }
        for (const { request, question: asked } of requests) {
          expect(request.verdicts.length).toBeLessThanOrEqual(1);
          expect(request.ids.length).toBeLessThanOrEqual(1);
          const isCovered = request.values.every(({ sha256 }) => allowed.has(`${request.place} ${sha256}`));
          if (request.verdicts[0]?.kind === 'approved')
            expect(asked.listed.every(({ sha256 }) => allowed.has(`${request.place} ${sha256}`))).toBe(true);
          if (each.do === 'approve' && isCovered) expect(asked.waiting.has(request)).toBe(false);
          expect(questions.approved.covers(request.place, request.values)).toBe(isCovered);
        }
      }
      questions.close();
      expect(questions.waiting).toBe(0);
      for (const { request } of requests) expect(request.verdicts.length).toBe(1);
    }),
    { numRuns: 300 },
  );
});
