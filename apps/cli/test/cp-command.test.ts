import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { absoluteGuestPath, guestSource } from '../src/copy/guest-path.ts';
import { byteSize } from '../src/output/byte-size.ts';
import { jsonText } from '../src/output/json-text.ts';
import { liveOwner, type LiveOwner } from './live-owner.ts';
import { tempHome, type TempHome } from './temp-home.ts';

interface CopyWorld extends TempHome {
  readonly owner: LiveOwner;
  readonly slug: string;
  readonly guest: (path: string, text?: string, mode?: number) => string;
}

async function copyWorld(): Promise<CopyWorld> {
  const world = tempHome();
  const owner = await liveOwner(world, 'applies', []);
  const guest = (path: string, text = '', mode = 0o644): string => {
    const file = join(world.dir, 'guest', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    chmodSync(file, mode);
    return file;
  };
  return { ...world, owner, slug: owner.identity, guest };
}

describe('cp', () => {
  it('copies a folder and says how much', async () => {
    const world = await copyWorld();
    world.guest('out/a.txt', 'hello');
    world.guest('out/sub/b.txt', 'x');
    const { code, out, err } = await world.cli(['cp', `${world.slug}:out`, '.']);
    expect({ code, out, err }).toEqual({
      code: 0,
      out: `copied 2 files (6 B) to ${world.cwd}/out\n`,
      err: '',
    });
    expect(readFileSync(join(world.cwd, 'out/a.txt'), 'utf8')).toBe('hello');
  });

  it('takes absolute paths, ~ and a prefix of the identity', async () => {
    const world = await copyWorld();
    world.guest('a', '1');
    for (const [from, to] of [
      ['/home/node/a', 'x'],
      ['~/a', 'y'],
    ] as const)
      expect((await world.cli(['cp', `${world.slug.slice(0, 8)}:${from}`, to])).code).toBe(0);
    expect(readdirSync(world.cwd)).toEqual(['x', 'y']);
  });

  it('overwrites only with --force', async () => {
    const world = await copyWorld();
    world.guest('a', 'new');
    writeFileSync(join(world.cwd, 'a'), 'mine');
    const refused = await world.cli(['cp', `${world.slug}:a`, '.']);
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toMatch(/not overwritten[\s\S]*--force/);
    expect(readFileSync(join(world.cwd, 'a'), 'utf8')).toBe('mine');
    expect((await world.cli(['cp', `${world.slug}:a`, '.', '--force'])).code).toBe(0);
    expect(readFileSync(join(world.cwd, 'a'), 'utf8')).toBe('new');
  });

  it('warns of what could execute here, and names what it left', async () => {
    const world = await copyWorld();
    world.guest('out/.git/hooks/pre-commit', '#!/bin/sh\n', 0o755);
    world.guest('out/package.json', '{"scripts":{"postinstall":"node \\u001b[2J"}}');
    world.guest('out/\u001b]0;x\u0007\n.md');
    symlinkSync('/etc/passwd', join(world.dir, 'guest/out/link'));
    const { code, out, err } = await world.cli(['cp', `${world.slug}:out`, '.']);
    expect(code).toBe(0);
    expect(out + err).not.toMatch(/[^\n\P{C}]/u);
    expect(err).toMatch(/not copied: 1\n\s+out\/link: it is a link that leads out: \/etc\/passwd/);
    expect(err).toMatch(/git +out\/\.git\/hooks\/pre-commit +is a git hook/);
    expect(err).toMatch(/install +out\/package\.json +runs at an installation: postinstall/);
    expect(err).toMatch(/executable +out\/\.git\/hooks\/pre-commit/);
    expect(err).toContain('out/\\u{1b}]0;x\\u{7}\\n.md');
    expect(existsSync(join(world.cwd, 'out/link'))).toBe(false);
  });

  it('judges a copy by where it was, and by where it is now', async () => {
    const world = await copyWorld();
    world.guest('r/.git/hooks/pre-push');
    world.guest('harmless.sh');
    expect((await world.cli(['cp', `${world.slug}:r/.git/hooks/pre-push`, 'x'])).err).toContain('git hook');
    mkdirSync(join(world.cwd, '.git/hooks'), { recursive: true });
    const { err } = await world.cli(['cp', `${world.slug}:harmless.sh`, '.git/hooks/pre-commit']);
    expect(err).toMatch(/git +pre-commit +is a git hook/);
  });

  it('gives all of it as JSON without control characters', async () => {
    const world = await copyWorld();
    world.guest('out/\u009b2J\u202e.exe', 'x');
    symlinkSync('../up', join(world.dir, 'guest/out/link'));
    const { code, out, err } = await world.cli(['cp', `${world.slug}:out`, '.', '--json']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).not.toMatch(/[^\n\P{C}]/u);
    expect(JSON.parse(out)).toMatchObject({
      source: '/home/node/out',
      path: join(world.cwd, 'out'),
      files: 1,
      bytes: 1,
      complaint: null,
      skipped: [{ path: 'out/link' }],
      risks: [
        { kind: 'executable', path: 'out/\u009b2J\u202e.exe' },
        { kind: 'name', path: 'out/\u009b2J\u202e.exe' },
      ],
    });
  });

  it('says what is missing or impossible', async () => {
    const world = await copyWorld();
    world.guest('a');
    const failing: Array<[string[], number, RegExp]> = [
      [['cp', `${world.slug}:none`, '.'], 1, /none cannot be read in the bottle/],
      [['cp', `${world.slug}:a`, 'no/such/folder/x'], 1, /does not exist/],
      [['cp', `${world.slug}:/`, '.'], 1, /not an absolute path of a file/],
      [['cp', 'nobody-00000:a', '.'], 1, /no bottle nobody-00000 is running/],
      [['cp', 'a', `${world.slug}:a`], 2, /out of bottles only/],
      [['cp', 'a', 'b'], 2, /does not name a bottle/],
      [['cp', `${world.slug}:a`], 2, /missing required argument/],
    ];
    for (const [args, code, message] of failing) {
      const outcome = await world.cli(args);
      expect({ code: outcome.code, out: outcome.out }, args.join(' ')).toEqual({ code, out: '' });
      expect(outcome.err).toMatch(message);
    }
    expect(readdirSync(world.cwd)).toEqual([]);
  });
});

it('reads a place in a bottle', () => {
  expect(guestSource('worker-x:a:b', '.')).toEqual({ slug: 'worker-x', path: 'a:b' });
  expect(absoluteGuestPath('a/../b', true)).toBe('/home/node/workspace/b');
  expect(absoluteGuestPath('', true)).toBe('/home/node/workspace');
  expect(absoluteGuestPath('a', false)).toBe('/home/node/a');
  expect(absoluteGuestPath('~/a', true)).toBe('/home/node/a');
  expect(absoluteGuestPath('/etc', true)).toBe('/etc');
});

it('tells sizes', () => {
  expect([0, 999, 1000, 1234, 99_950, 999_999, 3e9].map((bytes) => byteSize(bytes))).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '1.2 kB',
    '100 kB',
    '1.0 MB',
    '3.0 GB',
  ]);
});

it('JSON means the same and acts on no terminal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const json = jsonText({ [text]: text }, 2);
      expect(JSON.parse(json)).toEqual({ [text]: text });
      expect(json).not.toMatch(/[^\P{C}\n]|\p{Zl}|\p{Zp}/u);
    }),
  );
});
