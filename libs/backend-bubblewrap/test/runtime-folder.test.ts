import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findLeftovers } from '../src/leftovers.ts';
import { makeRuntimeFolder } from '../src/runtime-folder.ts';
import { ownMark, readRecord } from '../src/runtime-record.ts';

let folder: string;
let runtime: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bb-runtime-'));
  runtime = join(folder, 'runtime');
  mkdirSync(runtime, { mode: 0o700 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const record = (identity: string, owner = ownMark()) => ({
  identity,
  stateDir: join(folder, 'state'),
  owner,
  sandboxes: [],
});
const leftovers = () => findLeftovers({ runtime, homes: null, cache: folder }, new Set());

test('whoever cleans up while bottles are started finds nothing of theirs', async () => {
  let isStarting = true;
  const found: string[] = [];
  const cleaner = (async () => {
    while (isStarting) found.push(...(await leftovers()).map(({ description }) => description));
  })();
  for (let round = 0; round < 50; round += 1) {
    const identities = Array.from({ length: 4 }, (_, i) => `bottle-${round}-${i}`);
    await Promise.all(
      identities.map((identity) => makeRuntimeFolder(join(runtime, identity), 0o700, record(identity))),
    );
  }
  isStarting = false;
  await cleaner;
  expect(found).toEqual([]);
  expect(readdirSync(runtime)).toHaveLength(200);
  expect(await readRecord(join(runtime, 'bottle-0-0'))).toEqual(record('bottle-0-0'));
});

test('what a launcher that died on the way has made is a leftover, and is made anew', async () => {
  const draft = join(runtime, '.one-aaaaa.new');
  mkdirSync(draft);
  writeFileSync(join(draft, 'record.json'), JSON.stringify(record('one-aaaaa')));
  expect(await leftovers()).toEqual([]);
  const gone = { pid: 4_194_304, startTime: '1' };
  writeFileSync(join(draft, 'record.json'), JSON.stringify(record('one-aaaaa', gone)));
  const [left, ...more] = await leftovers();
  expect(more).toEqual([]);
  expect(left).toMatchObject({ identity: 'one-aaaaa', kind: 'folder' });
  await left?.remove();
  expect(existsSync(draft)).toBe(false);
  mkdirSync(draft);
  writeFileSync(join(draft, 'other'), '');
  await expect(left?.remove()).rejects.toMatchObject({ code: 'state_locked' });
  await makeRuntimeFolder(join(runtime, 'one-aaaaa'), 0o700, record('one-aaaaa'));
  expect(readdirSync(runtime)).toEqual(['one-aaaaa']);
  expect(readdirSync(join(runtime, 'one-aaaaa'))).toEqual(['record.json']);
});

test('where the folder cannot be put in its place, nothing is left of it', async () => {
  const folderOfAnother = join(runtime, 'one-aaaaa');
  mkdirSync(folderOfAnother);
  writeFileSync(join(folderOfAnother, 'kept'), '');
  await expect(makeRuntimeFolder(folderOfAnother, 0o700, record('one-aaaaa'))).rejects.toThrow('ENOTEMPTY');
  expect(readdirSync(runtime)).toEqual(['one-aaaaa']);
  expect(readdirSync(folderOfAnother)).toEqual(['kept']);
});
