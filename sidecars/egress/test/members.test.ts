import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Members } from '../src/limits/members.ts';
import type { Member } from '../src/limits/members.ts';

interface Named extends Member {
  readonly name: number;
}

const shown = (members: Members<Named>): number[] => {
  const names: number[] = [];
  members.each(({ name }) => names.push(name));
  return names.toSorted((a, b) => a - b);
};

test('it holds what a set would hold', () => {
  const step = fc.record({ add: fc.boolean(), name: fc.nat(9) });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const items = Array.from({ length: 10 }, (_, name): Named => ({ name, index: -1 }));
      const members = new Members<Named>();
      const expected = new Set<number>();
      for (const { add, name } of steps) {
        const item = items[name];
        if (item === undefined) throw new Error('no such item');
        if (add) {
          members.add(item);
          expected.add(name);
        } else {
          members.delete(item);
          expected.delete(name);
        }
        expect(members.size).toBe(expected.size);
      }
      expect(shown(members)).toEqual([...expected].toSorted((a, b) => a - b));
    }),
  );
});

test('whatever is deleted and added while all are shown, those that stay are shown and those that left are not', () => {
  const plan = fc.array(fc.record({ deletes: fc.array(fc.nat(9)), adds: fc.boolean() }), { maxLength: 10 });
  fc.assert(
    fc.property(plan, (plans) => {
      const items = Array.from({ length: 10 }, (_, name): Named => ({ name, index: -1 }));
      const members = new Members<Named>();
      for (const item of items) members.add(item);
      const deleted = new Set<number>();
      const seen = new Set<number>();
      let turn = 0;
      members.each(({ name }) => {
        expect(deleted.has(name)).toBe(false);
        seen.add(name);
        const { deletes, adds } = plans[turn] ?? { deletes: [], adds: false };
        turn += 1;
        for (const each of deletes) {
          const item = items[each];
          if (item !== undefined) members.delete(item);
          deleted.add(each);
        }
        if (adds) members.add({ name: 100, index: -1 });
      });
      for (const { name } of items) if (!deleted.has(name)) expect(seen).toContain(name);
    }),
  );
});

test('cleared, it holds nothing, and what was in it can come back', () => {
  const members = new Members<Named>();
  const item: Named = { name: 1, index: -1 };
  members.add(item);
  members.clear();
  expect(members.size).toBe(0);
  members.delete(item);
  members.add(item);
  expect(shown(members)).toEqual([1]);
});
