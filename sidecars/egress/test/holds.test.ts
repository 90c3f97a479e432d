import { afterEach, beforeEach, expect, test } from 'vitest';
import { Holds } from '../src/hold/holds.ts';
import type { HoldRequest } from '../src/hold/hold-request.ts';
import { Sweeper } from '../src/limits/sweeper.ts';
import { idOf } from './hold-desk.ts';

const finding = {
  detector: 'canary',
  rule: 'canary/canary',
  severity: 'critical',
  surface: 'body',
  masked: '********',
  sha256: 'a'.repeat(64),
};

const request = (target: string): HoldRequest => ({
  kind: 'dlp-hold',
  scheme: 'https',
  method: 'POST',
  host: 'a.test',
  target,
  route: 'manifest:a.test',
  findings: [finding],
  more_findings: 0,
});

let sweeper: Sweeper;
let asked: string[];
let answer: (id: unknown) => void;

beforeEach(() => {
  sweeper = new Sweeper(5);
  asked = [];
});
afterEach(() => sweeper.stop());

/** Asks a launcher that answers when `answer` is called. */
function holds(askMs = 1_000): Holds {
  return new Holds({
    propose: (each) => {
      asked.push(each.target);
      const { promise, resolve } = Promise.withResolvers<unknown>();
      answer = (id) => resolve({ id });
      return promise;
    },
    approved: [],
    sweeper,
    askMs,
  });
}

const later = (ms: number) => performance.now() + ms;

test('whoever leaves does not wait any more, and his question stays', async () => {
  const all = holds();
  const held = all.hold(request('/'), [finding], later(5_000), () => undefined);
  expect(all.waiting).toBe(1);
  held.leave();
  held.leave();
  expect(await held.verdict).toEqual({ kind: 'left' });
  expect(all.waiting).toBe(0);
  const again = all.hold(request('/'), [finding], later(5_000), () => undefined);
  expect(asked).toEqual(['/']);
  again.leave();
});

test('a launcher that is silent is given up, and its late answer still counts', async () => {
  const all = holds(30);
  const held = all.hold(request('/'), [finding], later(5_000), () => undefined);
  expect(await held.verdict).toMatchObject({ kind: 'failed' });
  expect(all.waiting).toBe(0);
  answer(idOf(0));
  await all.decide({ proposal: idOf(0), outcome: 'approved', reason: '' });
  expect(all.approvedFor('https://a.test')).toEqual([{ rule: finding.rule, sha256: finding.sha256 }]);
});

test('a silent launcher is not asked without end', async () => {
  const all = holds(30);
  for (let i = 0; i < 40; i += 1) {
    const held = all.hold(request(`/${i}`), [finding], later(5_000), () => undefined);
    expect(await held.verdict).toMatchObject({ kind: 'failed' });
  }
  expect(asked.length).toBe(5);
});

test('a decision on nothing that is known waits no longer than a question may take', async () => {
  const all = holds(30);
  all.hold(request('/'), [finding], later(5_000), () => undefined);
  const begun = performance.now();
  await expect(all.decide({ proposal: idOf(0), outcome: 'approved', reason: '' })).rejects.toThrow(
    /no question/,
  );
  expect(performance.now() - begun).toBeLessThan(1_000);
});

test('the end of all waiting is told at once, also to those who come later', async () => {
  const all = holds();
  const held = all.hold(request('/'), [finding], later(5_000), () => undefined);
  const unheld = all.ask(request('/streamed'), [finding], () => undefined);
  all.close();
  expect([(await held.verdict).kind, (await unheld)?.kind]).toEqual(['closed', 'closed']);
  const late = all.hold(request('/'), [finding], later(5_000), () => undefined);
  expect(await late.verdict).toEqual({ kind: 'closed' });
  expect(all.waiting).toBe(0);
});
