import {
  chmodSync,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readBottleFile, replaceBottleFile } from '../src/supervise/bottle-file.ts';
import { bottleFile, grantsOf, reach, reachWorld, type ReachWorld } from './reach-world.ts';
import { tempHome } from './temp-home.ts';

const save = (world: ReachWorld, ...more: string[]) =>
  world.cli(['supervise', 'approve', world.ids[0] ?? '', '--save', ...more]);
const textOf = ({ file }: ReachWorld): string => readFileSync(file, 'utf8');
/** Nothing was decided, nothing was written. */
async function untouched(world: ReachWorld, text = bottleFile): Promise<void> {
  expect(await world.states()).toEqual(['open']);
  expect(grantsOf(await world.routes())).toEqual([]);
  expect(textOf(world)).toBe(text);
  expect(readdirSync(dirname(world.file))).toEqual(['plain.md']);
}

describe('supervise approve --save', () => {
  it('shows the difference, gives the reach until the bottle ends, and writes nothing but it', async () => {
    const world = await reachWorld([reach()]);
    chmodSync(world.file, 0o640);
    const { code, out, err } = await save(world, '--yes');
    expect({ code, out }).toEqual({
      code: 0,
      out: `approved ${world.ids[0]}: new.example.com (GET, /v1) until the bottle ends\nsaved to ${world.file}\n`,
    });
    const entry = '    - host: new.example.com\n      path_allowlist: [/v1]\n      methods: [GET]\n';
    expect(textOf(world)).toBe(bottleFile.replace('        - /guide\n', `        - /guide\n${entry}`));
    expect(err).toContain(`+++ ${world.file}\n@@ -11,5 +11,8 @@`);
    expect(err).toContain('\n+    - host: new.example.com\n');
    expect(statSync(world.file).mode & 0o777).toBe(0o640);
    expect(grantsOf(await world.routes())).toMatchObject([{ expires_at: null }]);
    const saves = (await world.audited()).filter(({ action }) => action === 'bottle-file');
    expect(saves.map(({ outcome, target, layer }) => [layer, outcome, target])).toEqual([
      ['host', 'held', 'plain'],
      ['host', 'done', 'plain'],
    ]);
    expect(saves[1]?.details).toMatchObject({ proposal: world.ids[0], change: 'added' });
  });

  it('prints the response and the file as JSON', async () => {
    const world = await reachWorld([reach()]);
    const { out } = await save(world, '--yes', '--json');
    expect(JSON.parse(out)).toMatchObject({ outcome: 'approved', saved: world.file });
  });

  it('needs a terminal or --yes', async () => {
    const world = await reachWorld([reach()]);
    const done = await save(world);
    expect(done).toMatchObject({ code: 1, out: '' });
    expect(done.err).toContain('--yes does it without asking');
    await untouched(world);
  });

  it('lets the credential of an entry go along only when asked to', async () => {
    const world = await reachWorld([
      reach({ host: 'api.example.com', methods: ['POST'], path_allowlist: [] }),
    ]);
    const refused = await save(world, '--yes');
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toMatch(
      /plain\.md:\d+:\d+: egress\.routes\[0\]\.auth: .*credential, which would go along/,
    );
    expect(refused.err).toContain('--with-credential lets');
    await untouched(world);
    expect((await save(world, '--yes', '--with-credential')).code).toBe(0);
    expect(textOf(world)).toBe(bottleFile.replace('[GET]', '[GET, POST]'));
  });

  it('warns when the entry then allows more than both', async () => {
    const world = await reachWorld([reach({ host: 'docs.example.com', ports: [8443] })]);
    const { code, err } = await save(world, '--yes');
    expect(code).toBe(0);
    expect(err).toContain('warning: the entry allows more than both before');
  });

  it('writes nothing when the file allows it already', async () => {
    const world = await reachWorld([reach({ host: 'docs.example.com', path_allowlist: ['/guide'] })]);
    expect(await save(world, '--yes')).toMatchObject({
      code: 0,
      err: expect.stringContaining('allows that already'),
    });
    expect(textOf(world)).toBe(bottleFile);
  });

  it('names the parents of an inherited egress and the lines to paste', async () => {
    const running = await reachWorld([reach()]);
    const text = '---\nextends: [base]\nagent_provider: { template: command }\n---\n';
    running.write('home/bottles/plain.md', text);
    running.write('home/bottles/base.md', bottleFile);
    const done = await save(running, '--yes');
    expect(done).toMatchObject({ code: 1, out: '' });
    expect(done.err).toMatch(/`egress` comes from base by `extends`/);
    expect(done.err).toContain(
      'egress:\n  routes:\n    - host: new.example.com\n      path_allowlist: [/v1]',
    );
    expect(await running.states()).toEqual(['open']);
    expect(textOf(running)).toBe(text);
  });

  it.each([
    [
      'a link',
      (file: string) => (renameSync(file, `${file}.real`), symlinkSync(`${file}.real`, file)),
      /symbolic link/,
    ],
    [
      'a link to nothing',
      (file: string) => (renameSync(file, `${file}.x`), symlinkSync('/none', file)),
      /symbolic link/,
    ],
    ['a file with two names', (file: string) => linkSync(file, `${file}.other`), /hard link/],
    [
      'a file that is gone',
      (file: string) => renameSync(file, `${file}.away`),
      /no file of the bottle plain/,
    ],
    [
      'a file that is broken',
      (file: string) => writeFileSync(file, '---\negress: [\n---\n'),
      /plain\.md:\d+:\d+/,
    ],
    ['a file that is no text', (file: string) => writeFileSync(file, Buffer.from([0xff, 0xfe])), /not UTF-8/],
  ])('refuses %s before anything is decided', async (_what, change, message) => {
    const world = await reachWorld([reach()]);
    change(world.file);
    const done = await save(world, '--yes');
    expect(done).toMatchObject({ code: 1, out: '' });
    expect(done.err).toMatch(message);
    expect(await world.states()).toEqual(['open']);
    expect(grantsOf(await world.routes())).toEqual([]);
  });

  it('makes what a hostile file holds visible in the difference', async () => {
    const text = bottleFile.replace('For the API', '\u001b[2J\u202e For the API');
    const world = await reachWorld([reach()], { bottle: text });
    const { code, err } = await save(world, '--yes');
    expect(code).toBe(0);
    expect(err).toContain('\\u{1b}[2J\\u{202e}');
    expect(err).not.toMatch(/[\u202e]/u);
    expect(textOf(world)).toContain('\u001b[2J\u202e');
  });

  it('says what holds and what not when somebody writes the file at that very moment', async () => {
    const world = await reachWorld([reach()], { tables: 'edits' });
    const { code, out, err } = await save(world, '--yes');
    expect({ code, out }).toEqual({
      code: 1,
      out: `approved ${world.ids[0]}: new.example.com (GET, /v1) until the bottle ends\n`,
    });
    expect(err).toMatch(
      /changed meanwhile: the approval holds until the bottle ends, and the bottle file was not written/,
    );
    expect(textOf(world)).toBe(`${bottleFile}Mine.\n`);
    expect(await world.states()).toEqual(['approved']);
    expect(grantsOf(await world.routes())).toHaveLength(1);
    const saves = (await world.audited()).filter(({ action }) => action === 'bottle-file');
    expect(saves.map(({ outcome }) => outcome)).toEqual(['held', 'failed']);
    expect(readdirSync(dirname(world.file))).toEqual(['plain.md']);
  });
});

describe('replaceBottleFile', () => {
  const written = (): { readonly file: string; readonly folder: string } => {
    const file = tempHome().write('home/bottles/plain.md', 'before');
    return { file, folder: dirname(file) };
  };

  it('refuses a file that changed meanwhile, and leaves nothing behind', async () => {
    const { file, folder } = written();
    const before = await readBottleFile(file);
    writeFileSync(file, 'somebody else');
    await expect(replaceBottleFile(before, 'after')).rejects.toThrow(/changed meanwhile/);
    expect(readFileSync(file, 'utf8')).toBe('somebody else');
    expect(readdirSync(folder)).toEqual(['plain.md']);
  });

  it('refuses a file that became a link', async () => {
    const { file, folder } = written();
    const before = await readBottleFile(file);
    renameSync(file, join(folder, 'real'));
    symlinkSync('real', file);
    await expect(replaceBottleFile(before, 'after')).rejects.toThrow(/symbolic link/);
    expect(readFileSync(file, 'utf8')).toBe('before');
    expect(readdirSync(folder).toSorted()).toEqual(['plain.md', 'real']);
  });

  it('keeps mode and owner', async () => {
    const { file } = written();
    chmodSync(file, 0o604);
    const before = await readBottleFile(file);
    await replaceBottleFile(before, 'after');
    expect({ ...(await readBottleFile(file)) }).toEqual({ ...before, text: 'after' });
  });

  it('says where it cannot write', async () => {
    const { file, folder } = written();
    const before = await readBottleFile(file);
    renameSync(folder, `${folder}.away`);
    await expect(replaceBottleFile(before, 'after')).rejects.toThrow(/cannot be written \(ENOENT\)/);
  });
});
