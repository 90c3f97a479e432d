import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DEPLOY_KEYS_FILE, DeployKeyRecords, type DeployKeyRecord } from '../src/index.ts';
import { failureOf, scratch } from './support/sample-forge.ts';

const record = (digit: string): DeployKeyRecord => ({
  forge: 'gitea',
  apiUrl: null,
  host: 'git.example',
  repoPath: '/owner/name.git',
  tokenRef: 'FORGE_TOKEN',
  title: `bot-bottle/coder-abc12/${digit.repeat(32)}`,
  fingerprint: `SHA256:${'A'.repeat(43)}`,
  id: null,
  createdAt: '2026-01-02T03:04:05.000Z',
});

test('records are added, get their id and are removed', async () => {
  await using folder = await scratch();
  const records = new DeployKeyRecords(folder.path);
  await records.add(record('1'));
  await records.add(record('2'));
  await records.setId(record('1').title, 42);
  expect(await new DeployKeyRecords(folder.path).list()).toEqual([{ ...record('1'), id: 42 }, record('2')]);
  await records.remove(record('1').title);
  expect(await records.list()).toEqual([record('2')]);
});

test('an id for a key that is not recorded is an error', async () => {
  await using folder = await scratch();
  const records = new DeployKeyRecords(folder.path);
  expect(await failureOf(records.setId(record('1').title, 42))).toMatchObject({
    code: 'records_unavailable',
  });
});

test('a folder without a file has no records, and gets none by being read', async () => {
  await using folder = await scratch();
  expect(await new DeployKeyRecords(folder.path).list()).toEqual([]);
  expect(readdirSync(folder.path)).toEqual([]);
});

test('the file is private and nothing is left beside it', async () => {
  await using folder = await scratch();
  await new DeployKeyRecords(folder.path).add(record('1'));
  expect(readdirSync(folder.path)).toEqual([DEPLOY_KEYS_FILE]);
  expect(statSync(join(folder.path, DEPLOY_KEYS_FILE)).mode & 0o777).toBe(0o600);
});

test('records added at the same time are all kept', async () => {
  await using folder = await scratch();
  const records = new DeployKeyRecords(folder.path);
  await Promise.all('0123456789abcdef'.split('').map(async (digit) => await records.add(record(digit))));
  expect(await records.list()).toHaveLength(16);
});

test('what a crash in the middle of writing left behind does no harm', async () => {
  await using folder = await scratch();
  const records = new DeployKeyRecords(folder.path);
  await records.add(record('1'));
  writeFileSync(join(folder.path, `${DEPLOY_KEYS_FILE}.tmp`), '{"version":1,"ke', { mode: 0o600 });
  expect(await records.list()).toEqual([record('1')]);
  await records.add(record('2'));
  expect(await records.list()).toHaveLength(2);
  expect(readdirSync(folder.path)).toEqual([DEPLOY_KEYS_FILE]);
});

const entry = (changes: object): string =>
  JSON.stringify({ version: 1, keys: [{ ...record('1'), ...changes }] });

test.each([
  ['half a file', '{"version":1,"ke'],
  ['nothing', ''],
  ['another version', '{"version":2,"keys":[]}'],
  ['an unknown key', entry({ token: 'x' })],
  ['a title that is not ours', entry({ title: 'deploy@ci' })],
  ['a path that could be read as more', entry({ repoPath: '/a/b?x=\u001b[2J' })],
  ['an id that is none', entry({ id: '../1' })],
])('%s is a clear error and stays as it is', async (_name, text) => {
  await using folder = await scratch();
  const file = join(folder.path, DEPLOY_KEYS_FILE);
  writeFileSync(file, text, { mode: 0o600 });
  const records = new DeployKeyRecords(folder.path);
  for (const work of [
    () => records.list(),
    () => records.add(record('2')),
    () => records.remove('x'),
    () => records.setId('x', 1),
  ]) {
    expect(await failureOf(work())).toMatchObject({
      code: 'records_malformed',
      message: expect.stringContaining(file),
    });
  }
  expect(readFileSync(file, 'utf8')).toBe(text);
});

test('a link in place of the file is not followed', async () => {
  await using folder = await scratch();
  const target = join(folder.path, 'target');
  writeFileSync(target, entry({}), { mode: 0o600 });
  symlinkSync(target, join(folder.path, DEPLOY_KEYS_FILE));
  expect(await failureOf(new DeployKeyRecords(folder.path).list())).toMatchObject({
    code: 'records_unavailable',
  });
});

test('a link in place of the draft is replaced, not written through', async () => {
  await using folder = await scratch();
  const target = join(folder.path, 'target');
  symlinkSync(target, join(folder.path, `${DEPLOY_KEYS_FILE}.tmp`));
  await new DeployKeyRecords(folder.path).add(record('1'));
  expect(existsSync(target)).toBe(false);
});

test('a file that other users can write is not believed', async () => {
  await using folder = await scratch();
  const records = new DeployKeyRecords(folder.path);
  await records.add(record('1'));
  chmodSync(join(folder.path, DEPLOY_KEYS_FILE), 0o622);
  expect(await failureOf(records.list())).toMatchObject({ code: 'records_unavailable' });
});

test('a folder in place of the file is an error', async () => {
  await using folder = await scratch();
  mkdirSync(join(folder.path, DEPLOY_KEYS_FILE));
  expect(await failureOf(new DeployKeyRecords(folder.path).add(record('1')))).toMatchObject({
    code: 'records_unavailable',
  });
});

test('a failed call does not block the next one', async () => {
  await using folder = await scratch();
  const records = new DeployKeyRecords(folder.path);
  const file = join(folder.path, DEPLOY_KEYS_FILE);
  writeFileSync(file, 'x', { mode: 0o600 });
  await failureOf(records.list());
  writeFileSync(file, entry({}));
  expect(await records.list()).toEqual([record('1')]);
});
