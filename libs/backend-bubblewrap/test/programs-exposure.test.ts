import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execInBottle } from '@bot-bottle/backend';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exposePrograms } from '../src/programs/expose-programs.ts';
import { exposure, forbiddenFolders, isWithin } from '../src/programs/forbidden-folders.ts';
import { installFolders } from '../src/programs/install-folders.ts';
import { cachedCopy } from '../src/programs/program-cache.ts';
import { localBottle } from './support/local-bottle.ts';

let folder: string;
let home: string;
let forbidden: readonly string[];
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'bb-programs-')));
  chmodSync(folder, 0o755);
  home = join(folder, 'home');
  forbidden = forbiddenFolders(home, join(home, '.bot-bottle'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(path: string, text = '#!/bin/sh\necho ran\n'): string {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text, { mode: 0o755 });
  return path;
}
const options = (extra: object) => ({
  programs: [],
  programDirs: [],
  forbidden,
  cache: join(folder, 'cache'),
  otherUser: false,
  ...extra,
});

describe('which folders may be shown', () => {
  test.each([
    ['', 'refuse'],
    ['..', 'refuse'],
    ['.ssh', 'refuse'],
    ['.config', 'refuse'],
    ['.bot-bottle', 'refuse'],
    ['tools', 'copy'],
    ['.ssh/tools', 'copy'],
    ['.config/tool/bin', 'copy'],
    ['.bot-bottle/state/x/bin', 'copy'],
    ['.npm-global/lib/node_modules/tool', 'bind'],
    ['.local/share/tool', 'bind'],
  ])('home/%s: %s', (path, verdict) => {
    expect(exposure(join(home, path), forbidden)).toBe(verdict);
  });

  test('the root is never shown', () => {
    expect(exposure('/', forbidden)).toBe('refuse');
  });

  test('a folder that holds a forbidden one is refused, whatever their names', () => {
    const name = fc.stringMatching(/^[a-z.]{1,5}$/).filter((text) => text !== '.' && text !== '..');
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), fc.nat(3), (parts, depth) => {
        const secret = `/${parts.join('/')}`;
        const outer = `/${parts.slice(0, depth).join('/')}`;
        return !isWithin(secret, outer) || exposure(outer, ['/home/x', secret]) === 'refuse';
      }),
    );
  });

  test('a name that begins alike is another folder', () => {
    expect(isWithin('/home/user2', '/home/user')).toBe(false);
    expect(isWithin('/home/..user', '/home')).toBe(true);
  });
});

describe('what belongs to a program', () => {
  test('a package with the packages it declares, where the package manager put them', () => {
    const modules = join(folder, 'lib/node_modules');
    const program = put(join(modules, '@scope/tool/bin/tool.js'));
    put(
      join(modules, '@scope/tool/package.json'),
      JSON.stringify({
        dependencies: { one: '1', '../../../home': '1' },
        optionalDependencies: { '@x/two': '1', absent: '1' },
      }),
    );
    put(join(modules, 'one/package.json'), JSON.stringify({ dependencies: { three: '1' } }));
    put(join(modules, '@x/two/package.json'), '{}');
    put(join(modules, 'three/package.json'), 'not json');
    put(join(modules, 'other/package.json'), '{}');
    expect([...installFolders(program)].toSorted()).toEqual(
      ['@scope/tool', '@x/two', 'one', 'three'].map((name) => join(modules, name)),
    );
  });

  test('a link as a dependency is followed only to a package', () => {
    const modules = join(folder, 'lib/node_modules');
    const program = put(join(modules, 'tool/tool.js'));
    put(join(modules, 'tool/package.json'), JSON.stringify({ dependencies: { evil: '1' } }));
    put(join(home, 'package.json'), '{}');
    symlinkSync(home, join(modules, 'evil'));
    expect(installFolders(program)).toEqual([join(modules, 'tool')]);
  });

  test('a plain file is shown alone', () => {
    expect(installFolders('/srv/tools/bin/tool')).toEqual(['/srv/tools/bin/tool']);
    expect(installFolders('/opt/tool/bin/tool')).toEqual(['/opt/tool']);
    expect(installFolders('/opt/tool')).toEqual(['/opt/tool']);
  });
});

describe('how programs are shown', () => {
  test('one in a folder directly in the home is copied, and shown at its own path', async () => {
    const program = put(join(home, 'bin/tool'));
    const { binds, links } = await exposePrograms(options({ programs: [program] }));
    const bind = binds.find(({ target }) => target === program);
    expect(bind?.source.startsWith(join(folder, 'cache'))).toBe(true);
    expect(links).toContainEqual({ path: '/opt/bot-bottle/bin/tool', target: program });
  });

  test('a link on PATH works by its own name and path', async () => {
    const real = put(join(folder, 'lib/node_modules/tool/cli.js'));
    const link = join(folder, 'bin/tool');
    mkdirSync(join(folder, 'bin'));
    symlinkSync(real, link);
    const { links } = await exposePrograms(options({ programs: [link] }));
    expect(links).toContainEqual({ path: '/opt/bot-bottle/bin/tool', target: real });
    expect(links).toContainEqual({ path: link, target: real });
  });

  test.each(['', '.ssh', '.bot-bottle'])('a program folder home/%s is refused', async (name) => {
    mkdirSync(join(home, name), { recursive: true });
    await expect(exposePrograms(options({ programDirs: [join(home, name)] }))).rejects.toMatchObject({
      code: 'launch_failed',
    });
  });

  test('a link to a private folder is judged by where it leads', async () => {
    mkdirSync(join(home, '.ssh'), { recursive: true });
    symlinkSync(join(home, '.ssh'), join(folder, 'innocent'));
    await expect(exposePrograms(options({ programDirs: [join(folder, 'innocent')] }))).rejects.toMatchObject({
      code: 'launch_failed',
    });
  });

  test('a missing program is named', async () => {
    await expect(exposePrograms(options({ programs: [join(folder, 'none')] }))).rejects.toMatchObject({
      code: 'program_not_found',
    });
  });
});

describe('copies', () => {
  test('an unchanged program is copied once, a changed one again', async () => {
    const program = put(join(folder, 'tool'));
    const cache = { folder: join(folder, 'cache'), mode: 0o755 };
    const first = await cachedCopy(program, cache);
    const { ino } = statSync(first);
    expect(statSync(await cachedCopy(program, cache)).ino).toBe(ino);
    writeFileSync(program, 'new content');
    const second = await cachedCopy(program, cache);
    expect(second).not.toBe(first);
    expect(readFileSync(second, 'utf8')).toBe('new content');
  });

  test('many at once make one copy', async () => {
    const program = put(join(folder, 'tool'));
    const cache = { folder: join(folder, 'cache'), mode: 0o755 };
    const copies = await Promise.all(Array.from({ length: 8 }, () => cachedCopy(program, cache)));
    expect(new Set(copies).size).toBe(1);
    expect(existsSync(copies[0] ?? '')).toBe(true);
  });

  test('links are kept as links and setuid bits dropped', async () => {
    const tree = join(folder, 'tree');
    chmodSync(put(join(tree, 'suid')), 0o6755);
    symlinkSync('/etc/shadow', join(tree, 'link'));
    const copy = await cachedCopy(tree, { folder: join(folder, 'cache'), mode: 0o755 });
    expect(lstatSync(join(copy, 'link')).isSymbolicLink()).toBe(true);
    expect(statSync(join(copy, 'suid')).mode & 0o7777).toBe(0o755);
  });
});

test("an operator's program runs in a bottle by name and by path", async () => {
  const program = put(join(folder, 'deep/er/tool'));
  const local = await localBottle({ programs: [program] });
  try {
    expect((await execInBottle(local.bottle, ['tool'])).stdout).toBe('ran\n');
    expect((await execInBottle(local.bottle, [program])).stdout).toBe('ran\n');
    expect((await execInBottle(local.bottle, ['ls', join(folder, 'deep/er')])).stdout).toBe('tool\n');
  } finally {
    await local.dispose();
  }
});
