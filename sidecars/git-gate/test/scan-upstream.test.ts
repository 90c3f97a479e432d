import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeSecret } from './support/fake-secrets.ts';
import { createPushScene, gitleaks, type PushScene } from './support/push-scene.ts';

const secret = fakeSecret('upstream');
const fresh = fakeSecret('fresh');
const branch = 'refs/heads/work';

let scene: PushScene;
let base: string;
beforeEach(async () => {
  scene = await createPushScene();
  base = await scene.upstream({
    files: { 'conf/a.txt': `key ${secret}\n`, 'b.txt': 'b\n', [`names/${fakeSecret('name')}`]: 'n\n' },
    message: `with ${fakeSecret('message')}`,
  });
});
afterEach(() => scene.close());

const scanners = gitleaks === null ? (['builtin'] as const) : (['builtin', 'gitleaks'] as const);

describe.each(scanners)('%s: what upstream has already', (mode) => {
  const found = async (tip: string) =>
    (await scene.scan({ [branch]: tip }, { mode })).findings.map(
      ({ objectType, path }) => `${objectType} ${path}`,
    );

  it('is left out when the file around it is edited', async () => {
    const tip = await scene.pushed({ parents: [base], files: { 'conf/a.txt': `new line\nkey ${secret}\n` } });
    expect(await found(tip)).toEqual([]);
  });

  it('does not hide another secret in the same line', async () => {
    const tip = await scene.pushed({ parents: [base], files: { 'conf/a.txt': `key ${secret} ${fresh}\n` } });
    expect(await found(tip)).toEqual(['blob conf/a.txt']);
  });

  it('does not hide another secret behind a flood of it', async () => {
    const flood = `key ${secret}\n`.repeat(400);
    const tip = await scene.pushed({ parents: [base], files: { 'conf/a.txt': `${flood}${fresh}\n` } });
    expect(await found(tip)).toEqual(['blob conf/a.txt']);
  });

  it('does not hide another secret in base64 behind a flood of it in base64', async () => {
    const line = (value: string): string => `${Buffer.from(`token is ${value} here`).toString('base64')}\n`;
    const tip = await scene.pushed({
      parents: [base],
      files: { 'conf/a.txt': `${secret}\n${line(secret).repeat(400)}${line(fresh)}` },
    });
    expect(await found(tip)).toContain('blob conf/a.txt');
  });

  it('is found when it is put into another file', async () => {
    const tip = await scene.pushed({ parents: [base], files: { 'b.txt': `b\n${secret}\n` } });
    expect(await found(tip)).toEqual(['blob b.txt']);
  });

  it('is left out when the file is renamed and edited, over several commits', async () => {
    const lines = Array.from({ length: 40 }, (_, line) => `line ${line}\n`).join('');
    const long = await scene.upstream({ parents: [base], files: { 'long.txt': `${lines}key ${secret}\n` } });
    const one = await scene.pushed({
      parents: [long],
      files: { 'long.txt': null, 'd/one.txt': `${lines}key ${secret}\n+\n` },
    });
    const two = await scene.pushed({
      parents: [one],
      files: { 'd/one.txt': null, 'two.txt': `${lines}key ${secret}\n++\n` },
    });
    expect(await found(two)).toEqual([]);
  });

  it('is left out when a removal at upstream is reverted', async () => {
    const removed = await scene.upstream({ parents: [base], files: { 'conf/a.txt': 'clean\n' } });
    const tip = await scene.pushed({ parents: [removed], files: { 'conf/a.txt': `key ${secret}\n` } });
    expect(await found(tip)).toEqual([]);
  });

  it('is left out as the name of a file beside a new one', async () => {
    const tip = await scene.pushed({ parents: [base], files: { 'names/new.txt': 'x\n' } });
    expect(await found(tip)).toEqual([]);
  });

  it('is left out as the name of a file at the root, and found as one in another folder', async () => {
    const root = await scene.upstream({ parents: [base], files: { [secret]: 'r\n' } });
    expect(await found(await scene.pushed({ parents: [root], files: { 'new.txt': 'x\n' } }))).toEqual([]);
    const tip = await scene.pushed({ parents: [root], files: { [`other/${fresh}`]: 'x\n' } });
    expect(await found(tip)).toEqual(['tree other']);
  });

  it('is found in a new commit message, wherever it stood before', async () => {
    const tip = await scene.pushed({ parents: [base], message: `again ${fakeSecret('message')} ${secret}` });
    expect(new Set(await found(tip))).toEqual(new Set(['commit null']));
  });

  it('is only looked up in upstream, not in what is pushed besides', async () => {
    const first = await scene.pushed({ parents: [base], files: { 'x.txt': `${fresh}\n` } });
    const tip = await scene.pushed({ parents: [first], files: { 'x.txt': `${fresh}\n2\n` } });
    expect(await found(tip)).toEqual(['blob x.txt', 'blob x.txt']);
  });

  it('takes a path as it is, not as a pattern', async () => {
    const tip = await scene.pushed({
      parents: [base],
      files: { '*': `${secret}\n`, ':(glob)**': `2 ${secret}\n` },
    });
    expect(await found(tip)).toHaveLength(2);
  });
});

describe('hidden objects', () => {
  it('are none in an honest push, also when it is a thin pack that git completed', async () => {
    const tip = await scene.pushed({ parents: [base], files: { 'b.txt': 'b\nb\n' } });
    const upstreamBlob = await scene.inQuarantine(['rev-parse', `${base}:b.txt`]);
    const pack = await scene.inQuarantine(['cat-file', 'blob', upstreamBlob]);
    await scene.inQuarantine(['hash-object', '-w', '--stdin'], `${pack}\n`);
    expect((await scene.scan({ [branch]: tip })).hiddenObjects).toBe(0);
  });

  it('are counted when a pack holds what no tip reaches', async () => {
    const tip = await scene.pushed({ parents: [base], files: { 'b.txt': 'b2\n' } });
    const other = await scene.pushed({ parents: [base], files: { h: `${secret}\n` } });
    const list = await scene.inQuarantine(['rev-list', '--objects', '--no-object-names', other, `^${base}`]);
    const folder = `${scene.folder}/work.git/objects/pack/pack`;
    await scene.inQuarantine(['pack-objects', '-q', folder], `${list}\n`);
    await scene.inQuarantine(['prune-packed', '-q']);
    expect((await scene.scan({ [branch]: tip })).hiddenObjects).toBe(3);
    expect((await scene.scan({ [branch]: tip, 'refs/heads/other': other })).hiddenObjects).toBe(0);
  });

  it('are counted when they lie there alone', async () => {
    const tip = await scene.pushed({ parents: [base], files: { 'b.txt': 'b2\n' } });
    await scene.inQuarantine(['hash-object', '-w', '--stdin'], 'hidden\n');
    expect((await scene.scan({ [branch]: tip })).hiddenObjects).toBe(1);
  });
});
