import { expect, it } from 'vitest';
import { remembered } from '../src/remembered.ts';

it('gives what the function gives, and asks it once for each short text', () => {
  const asked: string[] = [];
  const upper = remembered((text) => {
    asked.push(text);
    return text === '' ? null : text.toUpperCase();
  });
  for (let i = 0; i < 3; i += 1) {
    expect(['a', 'A', 'é', '', 'a\0'].map(upper)).toEqual(['A', 'A', 'É', null, 'A\0']);
  }
  expect(asked).toEqual(['a', 'A', 'é', '', 'a\0']);
});

it('never takes one text for another, however many there are', () => {
  const same = remembered((text) => text);
  const long = 'x'.repeat(200);
  const texts = ['\u0141', 'A', `${long}1`, `${long}2`, ...Array.from({ length: 3000 }, (_, i) => `n${i}`)];
  for (const text of [...texts, ...texts.toReversed()]) expect(same(text)).toBe(text);
});
