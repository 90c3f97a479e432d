import { execFile } from 'node:child_process';
import { mkdir, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type GitVariable, renderGitConfig } from '@bot-bottle/git-gate';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyIn } from '../src/index.ts';
import { gitEntries } from '../src/workspace/git/git-entries.ts';
import { parseGitConfig } from '../src/workspace/git/git-config.ts';
import { safeRemoteUrl } from '../src/workspace/git/remote-url.ts';
import { resolveGitDir } from '../src/workspace/git/resolve-git-dir.ts';
import { safeGitConfig } from '../src/workspace/git/safe-git-config.ts';
import { localBottle } from './local-bottle.ts';
import { tempDir } from './temp-dir.ts';

const run = promisify(execFile);
const env = {
  PATH: process.env['PATH'] ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@example.com',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@example.com',
};
const git = async (cwd: string, ...args: string[]): Promise<string> =>
  (
    await run('git', ['-c', 'protocol.file.allow=always', '-c', 'safe.directory=*', ...args], { cwd, env })
  ).stdout.trim();

async function repository(folder: string): Promise<string> {
  const repo = join(folder, 'repo');
  await mkdir(repo);
  await git(repo, 'init', '-q', '-b', 'main');
  await writeFile(join(repo, 'file'), 'one');
  await git(repo, 'add', '.');
  await git(repo, 'commit', '-qm', 'first');
  return repo;
}

/** Copies a checkout's `.git` to `workspace/.git` of a bottle; the refusal when there is one. */
async function copyGit(folder: string, gitPath: string): Promise<string> {
  const bottle = await localBottle(folder);
  const found = await resolveGitDir(gitPath);
  if ('refused' in found) return found.refused;
  await copyIn(bottle, gitEntries(found.ok, 'workspace/.git'), { root: '/home/node' });
  return join(bottle.home, 'workspace');
}

describe('the copied .git', () => {
  it('is a working repository with history, branches and index', async () => {
    const folder = await tempDir();
    const repo = await repository(folder);
    await git(repo, 'branch', 'feature/x');
    await git(repo, 'pack-refs', '--all');
    await git(repo, 'gc', '-q');
    const copy = await copyGit(folder, join(repo, '.git'));
    await writeFile(join(copy, 'file'), 'one');
    expect(await git(copy, 'status', '--porcelain')).toBe('');
    expect(await git(copy, 'log', '--format=%s')).toBe('first');
    expect(await git(copy, 'fsck')).toBe('');
    expect(await git(copy, 'branch', '--list', '--format=%(refname)')).toContain('refs/heads/feature/x');
  });

  it('keeps the object format of SHA-256 repositories', async () => {
    const folder = await tempDir();
    const repo = join(folder, 'repo');
    await mkdir(repo);
    await git(repo, 'init', '-q', '--object-format=sha256');
    await git(repo, 'commit', '-q', '--allow-empty', '-m', 'x');
    const copy = await copyGit(folder, join(repo, '.git'));
    expect(await git(copy, 'rev-parse', 'HEAD')).toHaveLength(64);
  });

  it('leaves out hooks, tokens, helpers, headers, rewrites, aliases and includes', async () => {
    const folder = await tempDir();
    const repo = await repository(folder);
    const secret = 'ghp_thisMustNeverEnterTheBottle0123456789';
    await writeFile(join(repo, '.git/hooks/pre-commit'), 'evil', { mode: 0o755 });
    await writeFile(join(repo, '.git/extra'), `[user]\n\ttoken = ${secret}\n`);
    await writeFile(join(repo, '.git/config.bak'), secret);
    await git(repo, 'remote', 'add', 'origin', `https://user:${secret}@example.com/o/r.git?token=${secret}`);
    await git(repo, 'config', `http.extraHeader`, `Authorization: ${secret}`);
    await git(repo, 'config', `url.https://x:${secret}@github.com/.insteadOf`, 'https://github.com/');
    await git(repo, 'config', 'credential.helper', `!echo ${secret}`);
    await git(repo, 'config', 'core.fsmonitor', '/bin/evil');
    await git(repo, 'config', 'core.sshCommand', `evil ${secret}`);
    await git(repo, 'config', 'alias.st', `!${secret}`);
    await git(repo, 'config', 'include.path', 'extra');
    await git(repo, 'config', 'branch.main.remote', 'origin');
    await git(repo, 'config', 'branch.main.merge', 'refs/heads/main');
    const copy = await copyGit(folder, join(repo, '.git'));
    const config = await readFile(join(copy, '.git/config'), 'utf8');
    expect(config).not.toMatch(/ghp_|evil|include|alias|credential|insteadof/i);
    expect(await git(copy, 'remote', 'get-url', 'origin')).toBe('https://example.com/o/r.git');
    expect(await git(copy, 'rev-parse', '--abbrev-ref', 'main')).toBe('main');
    const { stdout } = await run('grep', ['-rlF', secret, copy]).catch(() => ({ stdout: '' }));
    expect(stdout).toBe('');
    expect(await readdir(join(copy, '.git'))).not.toContain('hooks');
  });

  it('makes an ordinary repository of a linked worktree, with its own HEAD and index', async () => {
    const folder = await tempDir();
    const repo = await repository(folder);
    const tree = join(folder, 'tree');
    await git(repo, 'worktree', 'add', '-q', '-b', 'side', tree);
    await writeFile(join(tree, 'side'), 'x');
    await git(tree, 'add', '.');
    const copy = await copyGit(folder, join(tree, '.git'));
    await writeFile(join(copy, 'file'), 'one');
    await writeFile(join(copy, 'side'), 'x');
    expect(await git(copy, 'branch', '--show-current')).toBe('side');
    expect(await git(copy, 'status', '--porcelain')).toBe('A  side');
    expect(await git(copy, 'fsck')).toBe('');
    expect(await readdir(join(copy, '.git'))).not.toContain('worktrees');
  });

  it('makes an ordinary repository of a submodule', async () => {
    const folder = await tempDir();
    const repo = await repository(folder);
    const outer = join(folder, 'outer');
    await mkdir(outer);
    await git(outer, 'init', '-q');
    await git(outer, 'submodule', '--quiet', 'add', repo, 'libs/inner');
    const copy = await copyGit(folder, join(outer, 'libs/inner/.git'));
    expect(await git(copy, 'log', '--format=%s')).toBe('first');
    expect(await git(copy, 'rev-parse', '--show-toplevel')).toBe(copy);
  });

  it('does not follow a pointer to a repository that does not point back', async () => {
    const folder = await tempDir();
    const repo = await repository(folder);
    const hostile = join(folder, 'hostile');
    await mkdir(join(hostile, 'fake'), { recursive: true });
    await writeFile(join(hostile, '.git'), `gitdir: ${repo}/.git\n`);
    expect(await copyGit(folder, join(hostile, '.git'))).toContain('does not name this folder');
    await git(repo, 'worktree', 'add', '-q', join(folder, 'real'));
    await writeFile(join(hostile, '.git'), `gitdir: ${repo}/.git/worktrees/real\n`);
    expect(await copyGit(folder, join(hostile, '.git'))).toContain('does not know this worktree');
  });

  it('does not take objects from a repository that a forged worktree names', async () => {
    const folder = await tempDir();
    const repo = await repository(folder);
    const hostile = join(folder, 'hostile');
    await mkdir(join(hostile, 'fake'), { recursive: true });
    await writeFile(join(hostile, '.git'), 'gitdir: fake\n');
    await writeFile(join(hostile, 'fake/commondir'), `${repo}/.git\n`);
    await writeFile(join(hostile, 'fake/gitdir'), `${hostile}/.git\n`);
    expect(await copyGit(folder, join(hostile, '.git'))).toContain('does not know this worktree');
  });

  it('does not follow links or alternates to other object stores', async () => {
    const folder = await tempDir();
    const other = await repository(folder);
    const head = await git(other, 'rev-parse', 'HEAD');
    const hostile = join(folder, 'hostile');
    await mkdir(hostile);
    await git(hostile, 'init', '-q');
    await mkdir(join(hostile, '.git/objects/info'), { recursive: true });
    await writeFile(join(hostile, '.git/objects/info/alternates'), `${other}/.git/objects\n`);
    await symlink(
      join(other, '.git/objects', head.slice(0, 2)),
      join(hostile, '.git/objects', head.slice(0, 2)),
    );
    await rm(join(hostile, '.git/info'), { recursive: true });
    await symlink('/etc', join(hostile, '.git/info'));
    await writeFile(join(hostile, '.git/commondir'), `${other}/.git\n`);
    const copy = await copyGit(folder, join(hostile, '.git'));
    await expect(git(copy, 'cat-file', '-e', head)).rejects.toThrow();
    expect(await readdir(join(copy, '.git/objects/info')).catch(() => [])).toEqual([]);
    expect(await readdir(join(copy, '.git'))).not.toContain('info');
    expect(await readdir(join(copy, '.git'))).not.toContain('commondir');
  });
});

describe('safeRemoteUrl', () => {
  it.each([
    ['https://user:pass@example.com/o/r.git', 'https://example.com/o/r.git'],
    ['https://token@example.com:8443/r?x=1#y', 'https://example.com:8443/r'],
    ['ssh://git:pass@example.com:2222/o/r.git', 'ssh://git@example.com:2222/o/r.git'],
    ['git@github.com:o/r.git', 'git@github.com:o/r.git'],
    ['git://example.com/r', 'git://example.com/r'],
    ['/home/me/private', null],
    ['../sibling', null],
    ['file:///home/me/private', null],
    ['ext::sh -c evil', null],
    ['ext::evil', null],
    ['fd::17', null],
    ['ssh://-oProxyCommand=evil/x', null],
    ['-oProxyCommand=evil:x', null],
    ['https://example.com/a\nb', null],
    ['', null],
  ])('%j becomes %j', (url, expected) => {
    expect(safeRemoteUrl(url)).toBe(expected);
  });

  it('never keeps a password', () => {
    fc.assert(
      fc.property(fc.webUrl(), fc.stringMatching(/^[a-z0-9%]{6,20}$/), (url, password) => {
        const withPassword = url.replace('//', `//u:SECRET${password.replaceAll('%', '')}@`);
        expect(safeRemoteUrl(withPassword) ?? '').not.toContain('SECRET');
      }),
    );
  });
});

describe('git configuration', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
  const text = fc.string({ maxLength: 20 }).filter((value) => !/[\n\r\0\b\uFEFF]/.test(value));
  const variable: fc.Arbitrary<GitVariable> = fc.record({
    section: fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/),
    subsection: fc.option(text.filter((value) => !value.includes('\t'))),
    key: name,
    value: fc.option(text),
  });

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(fc.array(variable, { maxLength: 6 }), (variables) => {
        const read = parseGitConfig(renderGitConfig(variables));
        const order = (list: readonly GitVariable[]): string[] =>
          list
            .map((item) => JSON.stringify([item.section, item.subsection, item.key, item.value]))
            .toSorted();
        expect(order(read)).toEqual(order(variables));
      }),
    );
  });

  it('reads values as git does', async () => {
    const folder = await tempDir();
    const file = join(folder, 'config');
    const lines = [
      '[a "b c\\"d"]',
      'k = v ; comment',
      '\tq = " x # y " # z',
      'c = one \\',
      '  two',
      'flag',
      '[A.Sub] k=1',
      '[z] n = a\\tb\\\\c',
    ];
    await writeFile(file, lines.join('\n'));
    const listed = (await git(folder, 'config', '-z', '-f', file, '--list'))
      .split('\0')
      .filter((item) => item !== '');
    const ours = parseGitConfig(lines.join('\n')).map(({ section, subsection, key, value }) => {
      const full = [section, ...(subsection === null ? [] : [subsection]), key].join('.');
      return value === null ? full : `${full}\n${value}`;
    });
    expect(ours).toEqual(listed);
  });

  it('throws on nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (value) => void safeGitConfig(value)),
    );
  });

  it('writes nothing that is not on the list, whatever comes in', () => {
    fc.assert(
      fc.property(fc.array(variable, { maxLength: 8 }), (variables) => {
        for (const { section } of parseGitConfig(safeGitConfig(renderGitConfig(variables)))) {
          expect(['core', 'extensions', 'index', 'remote', 'branch', 'submodule']).toContain(section);
        }
      }),
    );
  });
});
