import { expect, it } from 'vitest';
import { UndoStack } from '../src/owner/undo-stack.ts';

it('takes back in reverse order, neighbours that belong together side by side', async () => {
  const undo = new UndoStack();
  const said: string[] = [];
  const met = Promise.withResolvers<void>();
  undo.add('the first', () => said.push('first'));
  undo.add(
    'one',
    () => {
      said.push('one');
      met.resolve();
    },
    'pair',
  );
  // would wait for ever if the one below it in the stack did not run beside it
  undo.add('other', () => met.promise.then(() => said.push('other')), 'pair');
  undo.add('waiting', async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    said.push('last');
  });
  expect(await undo.run()).toEqual([]);
  expect(said).toEqual(['last', 'one', 'other', 'first']);
});

it('starts the next step only when all side by side have ended, whichever failed', async () => {
  const undo = new UndoStack();
  const said: string[] = [];
  undo.add('the first', () => said.push('first'));
  undo.add(
    'slow',
    async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      said.push('slow');
    },
    'pair',
  );
  undo.add('failing', () => Promise.reject(new Error('no')), 'pair');
  expect(await undo.run()).toEqual(['failing failed: no']);
  expect(said).toEqual(['slow', 'first']);
});

it('keeps others with the same word apart when something stands between them', async () => {
  const undo = new UndoStack();
  const said: string[] = [];
  const slow = (name: string) => async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    said.push(name);
  };
  undo.add('a', () => said.push('a'), 'pair');
  undo.add('between', slow('between'));
  undo.add('b', slow('b'), 'pair');
  await undo.run();
  expect(said).toEqual(['b', 'between', 'a']);
});
