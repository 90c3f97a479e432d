import { afterEach, beforeEach, expect, it } from 'vitest';
import { createTouchedPaths } from '../src/scan/touched-paths.ts';
import { createPushScene, type PushScene, type SceneCommit } from './support/push-scene.ts';

const ci = '.github/workflows/ci.yml';
const isProtected = (path: string): boolean => path.startsWith('.github/');

let scene: PushScene;
let old: string;
beforeEach(async () => {
  scene = await createPushScene();
  old = await scene.upstream({ files: { [ci]: 'old\n', 'a.txt': 'a\n' } });
});
afterEach(() => scene.close());

const touched = (...tips: string[]): Promise<string[]> =>
  touchedBy(...tips.map((newOid) => ({ oldOid: null, newOid })));
const moved = (oldOid: string, newOid: string): Promise<string[]> => touchedBy({ oldOid, newOid });

const touchedBy = async (...updates: Array<{ oldOid: string | null; newOid: string }>): Promise<string[]> => {
  const paths = await createTouchedPaths({ git: scene.git })(
    {
      view: scene.view,
      updates: updates.map((update, index) => ({ ref: `refs/heads/t${index}`, ...update })),
      defaultBranch: 'refs/heads/main',
      signal: new AbortController().signal,
    },
    isProtected,
  );
  return paths.map(({ path, commit }) => `${path} ${commit}`);
};
const push = (parents: string[], files: NonNullable<SceneCommit['files']> = {}): Promise<string> =>
  scene.pushed({ parents, files });

it('says nothing of other paths', async () => {
  expect(await touched(await push([old], { 'a.txt': 'b\n', 'x/.github/y': 'y\n' }))).toEqual([]);
});

it('tells a changed, an added, a removed and a renamed path with their commits', async () => {
  const one = await push([old], { [ci]: 'new\n' });
  const two = await push([one], { '.github/new.yml': 'n\n' });
  const three = await push([two], { [ci]: null, 'moved.yml': 'new\n' });
  expect((await touched(three)).map((line) => line.split(' ')[0])).toEqual([
    '.github/workflows/ci.yml',
    '.github/new.yml',
  ]);
  expect(await touched(one)).toEqual([`${ci} ${one}`]);
});

it('tells a change that a later commit takes back', async () => {
  const one = await push([old], { [ci]: 'evil\n' });
  const two = await push([one], { [ci]: 'old\n' });
  expect((await touched(two)).length).toBe(1);
});

it('tells what a root commit brings', async () => {
  const root = await push([], { [ci]: 'evil\n' });
  expect(await touched(root)).toEqual([`${ci} ${root}`]);
});

it('tells a path whose kind alone changed, and a link in place of the folder', async () => {
  const blob = await scene.inQuarantine(['hash-object', '-w', '--stdin'], 'old\n');
  const inner = await scene.inQuarantine(['mktree'], `120000 blob ${blob}\tci.yml\n`);
  const folder = await scene.inQuarantine(['mktree'], `040000 tree ${inner}\tworkflows\n`);
  const tree = await scene.inQuarantine(['mktree'], `040000 tree ${folder}\t.github\n`);
  const commit = await scene.inQuarantine(
    ['hash-object', '-t', 'commit', '-w', '--stdin'],
    `tree ${tree}\nparent ${old}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nx\n`,
  );
  expect(await touched(commit)).toEqual([`${ci} ${commit}`]);
});

it('does not count what a merge takes over from upstream', async () => {
  const work = await push([old], { 'a.txt': 'b\n' });
  const main = await scene.upstream({ parents: [old], files: { [ci]: 'fixed\n' } });
  const merge = await push([work, main], { [ci]: 'fixed\n' });
  expect(await touched(merge)).toEqual([]);
});

it('tells a merge that makes up a version of its own', async () => {
  const work = await push([old], { 'a.txt': 'b\n' });
  const main = await scene.upstream({ parents: [old], files: { [ci]: 'fixed\n' } });
  const merge = await push([work, main], { [ci]: 'evil\n' });
  expect(await touched(merge)).toEqual([`${ci} ${merge}`]);
});

it('tells a merge that brings back the version before a fix', async () => {
  const work = await push([old], { 'a.txt': 'b\n' });
  const main = await scene.upstream({ parents: [old], files: { [ci]: 'fixed\n' } });
  const merge = await push([work, main], { [ci]: 'old\n' });
  expect(await touched(merge)).toEqual([`${ci} ${merge}`]);
});

it('tells a merge that brings back a removed path, also below further commits', async () => {
  const work = await push([old], { 'a.txt': 'b\n' });
  const main = await scene.upstream({ parents: [old], files: { [ci]: null } });
  const merge = await push([work, main], { [ci]: 'old\n' });
  const tip = await push([merge], { 'a.txt': 'c\n' });
  expect(await touched(tip)).toEqual([`${ci} ${tip}`]);
});

it('does not count a merge within the push when upstream moved on meanwhile', async () => {
  const left = await push([old], { 'l.txt': 'l\n' });
  const right = await push([old], { 'r.txt': 'r\n' });
  const work = await scene.upstream({ parents: [old], files: { 'w.txt': 'w\n' } }, 'refs/heads/work');
  await scene.upstream({ parents: [old], files: { [ci]: 'fixed\n' } });
  expect(await moved(work, await push([work, left, right]))).toEqual([]);
});

it('tells what a new branch on an older commit has otherwise than the default branch', async () => {
  await scene.upstream({ parents: [old], files: { [ci]: 'fixed\n' } });
  const tip = await push([old], { 'a.txt': 'b\n' });
  expect(await touched(tip)).toEqual([`${ci} ${tip}`]);
  expect(await touched(old)).toEqual([`${ci} ${old}`]);
});

it('does not count what a new branch has from the tip of another branch', async () => {
  const dev = await scene.upstream({ parents: [old], files: { [ci]: 'dev\n' } }, 'refs/heads/dev');
  expect(await touched(dev)).toEqual([]);
  expect(await touched(await push([dev], { 'a.txt': 'b\n' }))).toEqual([]);
});

it('tells what a new branch takes from the tip of a branch that it left behind', async () => {
  await scene.upstream({ files: { [ci]: 'old\n', 'a.txt': 'a\n' } }, 'refs/heads/unrelated');
  await scene.upstream({ parents: [old], files: { 'a.txt': 'a\n' } }, 'refs/heads/stale');
  const stale = await scene.upstream({ parents: [old], files: { 'b.txt': 'b\n' } }, 'refs/heads/stale');
  const main = await scene.upstream({ parents: [stale], files: { [ci]: 'fixed\n' } });
  const one = await push([main], { 'a.txt': 'b\n' });
  const merge = await push([one, stale], { [ci]: 'old\n' });
  expect(await touched(merge)).toEqual([`${ci} ${merge}`]);
});

it('looks at a ref that gets commits of another branch', async () => {
  const dev = await scene.upstream({ parents: [old], files: { [ci]: 'dev\n' } }, 'refs/heads/dev');
  expect(await moved(old, dev)).toEqual([`${ci} ${dev}`]);
  expect(await moved(dev, dev)).toEqual([]);
  // back to what the default branch has
  expect(await moved(dev, old)).toEqual([]);
  expect(await moved(dev, await push([dev], { 'a.txt': 'b\n' }))).toEqual([]);
});

it('reads trees that differ in nothing but an empty folder', async () => {
  const [tree, empty] = [
    await scene.inQuarantine(['rev-parse', `${old}^{tree}`]),
    await scene.inQuarantine(['mktree'], ''),
  ];
  const entries = await scene.inQuarantine(['ls-tree', tree]);
  const tips: string[] = [];
  for (const name of ['e', 'f']) {
    const other = await scene.inQuarantine(['mktree'], `${entries}\n040000 tree ${empty}\t${name}\n`);
    const who = 'A <a@b> 1 +0000';
    const text = `tree ${other}\nparent ${old}\nauthor ${who}\ncommitter ${who}\n\nx\n`;
    tips.push(await scene.inQuarantine(['hash-object', '-t', 'commit', '-w', '--stdin'], text));
  }
  expect(await touched(...tips)).toEqual([]);
});

it('stops at a thousand paths', async () => {
  const files = Object.fromEntries(Array.from({ length: 1500 }, (_, i) => [`.github/${i}`, 'x\n']));
  expect((await touched(await push([old], files))).length).toBe(1000);
  const dev = await scene.upstream({ parents: [old], files }, 'refs/heads/dev');
  expect((await moved(old, dev)).length).toBe(1000);
});

it('looks at every tip for itself', async () => {
  const work = await push([old], { 'a.txt': 'b\n' });
  const main = await scene.upstream({ parents: [old], files: { [ci]: 'fixed\n' } });
  const good = await push([work, main], { [ci]: 'fixed\n' });
  const evil = await push([work, main], { [ci]: 'old\n', 'a.txt': 'e\n' });
  expect(await touched(good, evil)).toEqual([`${ci} ${evil}`]);
});

it('reads paths with line breaks and signs', async () => {
  const tip = await push([old], { '.github/a\nb': 'x\n', '.github/:100644 x': 'y\n' });
  expect((await touched(tip)).length).toBe(2);
});

it('works on what is no commit', async () => {
  const blob = await scene.inQuarantine(['hash-object', '-w', '--stdin'], 'blob\n');
  expect(await touched(blob)).toEqual([]);
});
