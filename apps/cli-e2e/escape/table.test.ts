import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { attackClasses } from './attacks/index.ts';
import { mutantsHeading, publishedFile, readPublished } from './published.ts';
import { renderAttacks } from './table.ts';

const attacks = attackClasses.flatMap((each) => each.attacks);

it('every attack has an id of its own, below that of its class', () => {
  const ids = attackClasses.flatMap((each) => [...each.controls, ...each.attacks].map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);
  for (const { id, controls, attacks: own } of attackClasses) {
    for (const each of [...controls, ...own]) expect(each.id.startsWith(`${id}/`), each.id).toBe(true);
  }
});

it('the published table has every attack of the list, in its words, and a cell for each backend', () => {
  const text = readFileSync(publishedFile, 'utf8');
  const at = text.indexOf(mutantsHeading);
  expect((at < 0 ? text : text.slice(0, at)).trimEnd()).toBe(renderAttacks(readPublished()).trimEnd());
  expect([...readPublished().keys()].toSorted()).toEqual(attacks.map(({ id }) => id).toSorted());
});
