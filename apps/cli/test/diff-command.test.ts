import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StateStore } from '@bot-bottle/backend';
import { describe, expect, it } from 'vitest';
import { liveOwner } from './live-owner.ts';
import { tempHome, type Outcome, type TempHome } from './temp-home.ts';

interface DiffWorld extends TempHome {
  readonly slug: string;
  readonly put: (side: 'host' | 'guest', files: Readonly<Record<string, string>>) => void;
  readonly guest: string;
  readonly diff: (...args: readonly string[]) => Promise<Outcome>;
}

/** A bottle whose workspace is said to be a copy of `work`. */
async function diffWorld(changes: object = {}): Promise<DiffWorld> {
  const world = tempHome();
  const { identity } = await liveOwner(world, 'applies', []);
  const store = new StateStore(world.home);
  const { metadata } = await store.read(identity);
  await store.write(identity, { ...metadata, cwd: world.cwd, copy_cwd: true, ...changes });
  const guest = join(world.dir, 'guest/workspace');
  mkdirSync(guest, { recursive: true });
  const put: DiffWorld['put'] = (side, files) => {
    for (const [path, text] of Object.entries(files)) {
      const file = join(side === 'host' ? world.cwd : guest, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  };
  return { ...world, slug: identity, put, guest, diff: (...args) => world.cli(['diff', identity, ...args]) };
}

describe('diff', () => {
  it('shows what could execute first, then what changed, then how much', async () => {
    const world = await diffWorld();
    world.put('host', { 'a.txt': 'one\n', 'gone.txt': '', same: 'x' });
    world.put('guest', {
      'a.txt': 'two\n',
      same: 'x',
      'new.txt': '',
      '.git/hooks/pre-commit': 'evil',
      'package.json': '{"scripts":{"postinstall":"evil"}}',
    });
    const { code, out, err } = await world.diff();
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toBe(
      [
        'could execute here:',
        '  git         .git/hooks/pre-commit  is a git hook: git runs it',
        '  install     package.json  runs at an installation: postinstall: evil',
        '',
        'A  .git',
        'M  a.txt',
        'D  gone.txt (changed here after the start)',
        'A  new.txt',
        'A  package.json',
        '',
        '3 added, 1 changed, 1 deleted',
        '',
      ]
        .join('\n')
        .replace('M  a.txt', 'M  a.txt (changed here after the start)'),
    );
  });

  it('shows lines with --patch, and only what was asked for', async () => {
    const world = await diffWorld();
    world.put('host', { 'src/a.txt': 'one\n', other: '1' });
    world.put('guest', { 'src/a.txt': 'two\n', other: '2', 'src/bin': '\0' });
    const { out } = await world.diff('--patch', 'src');
    expect(out).toContain('--- src/a.txt\n+++ src/a.txt\n@@ -1,1 +1,1 @@\n-one\n+two\n');
    expect(out).not.toContain('other');
    expect(out).toContain('A  src/bin');
    expect(out).not.toContain('+++ src/bin');
    expect((await world.diff('/home/node/workspace/src')).out).toContain('1 added, 1 changed, 0 deleted');
  });

  it('says that nothing changed', async () => {
    const world = await diffWorld();
    expect(await world.diff()).toEqual({ code: 0, out: '0 added, 0 changed, 0 deleted\n', err: '' });
  });

  it('prints no control character, whatever names and texts hold', async () => {
    const world = await diffWorld();
    const evil = '\u001b]52;c;eA==\u0007\u009b2J\u202e\r';
    world.put('host', { text: 'plain\n' });
    world.put('guest', {
      text: `${evil}\n`,
      [`${evil}\nA  fake`]: evil,
      [`${'n'.repeat(250)}`]: '',
      'package.json': JSON.stringify({ scripts: { install: evil } }),
    });
    symlinkSync(`/${evil}`, join(world.guest, 'link'));
    for (const args of [['--patch'], ['--json', '--patch'], ['--json']]) {
      const { code, out, err } = await world.diff(...args);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).not.toMatch(/[^\P{C}\n]/u);
      expect(out).not.toMatch(/^A {2}fake/m);
    }
  });

  it('gives stable JSON', async () => {
    const world = await diffWorld({ started_at: '2100-01-01T00:00:00Z' });
    world.put('host', { a: '1\n' });
    world.put('guest', { a: '2\n', Makefile: '' });
    const { out } = await world.diff('--json', '--patch');
    expect(JSON.parse(out)).toEqual({
      identity: world.slug,
      source: world.cwd,
      risks: [{ path: 'Makefile', kind: 'build', why: 'runs when built' }],
      changes: [
        { status: 'A', path: 'Makefile', what: [], host_is_newer: false },
        { status: 'M', path: 'a', what: ['content'], host_is_newer: false },
      ],
      ignored: [],
      not_compared: [],
      complaint: null,
      counts: { added: 1, changed: 1, deleted: 0 },
      patches: [
        { path: 'Makefile', lines: [] },
        { path: 'a', lines: ['--- a', '+++ a', '@@ -1,1 +1,1 @@', '-1', '+2'] },
      ],
    });
  });

  it('says what it cannot do', async () => {
    const world = await diffWorld();
    const outside = await world.diff('../x');
    expect(outside).toMatchObject({ code: 2, out: '' });
    expect((await world.cli(['diff', 'nobody-00000'])).err).toContain('no bottle nobody-00000 is running');
    rmSync(world.guest, { recursive: true });
    expect(await world.diff()).toMatchObject({ code: 1, out: '' });
    rmSync(world.cwd, { recursive: true });
    expect((await world.diff()).err).toContain('is not there any more');
    const other = await diffWorld({ copy_cwd: false });
    const refused = await other.diff();
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toContain('started without --cwd: there is nothing to compare with');
  });
});
