import { expect, it } from 'vitest';
import { TerminalWarnings } from '../src/launch/terminal-warnings.ts';

function recorded(): { readonly said: string[]; readonly warnings: TerminalWarnings } {
  const said: string[] = [];
  const printer = { warning: (text: string) => void said.push(text), bell: () => void said.push('bell') };
  return { said, warnings: new TerminalWarnings(printer) };
}

it('prints at once while no program has the terminal', () => {
  const { said, warnings } = recorded();
  warnings.add('one');
  expect(said).toEqual(['one']);
});

it('rings while a program draws, and prints in order when it is over', () => {
  const { said, warnings } = recorded();
  warnings.hold();
  warnings.add('one');
  warnings.add('two');
  expect(said).toEqual(['bell', 'bell']);
  warnings.release();
  warnings.add('three');
  expect(said.slice(2)).toEqual(['one', 'two', 'three']);
});

it('keeps the newest of many, and says how many it does not show', () => {
  const { said, warnings } = recorded();
  warnings.hold();
  for (let count = 1; count <= 250; count += 1) warnings.add(String(count));
  warnings.release();
  const printed = said.filter((each) => each !== 'bell');
  expect(printed).toHaveLength(101);
  expect(printed[0]).toBe('150 earlier warnings are not shown');
  expect(printed.at(-1)).toBe('250');
});
