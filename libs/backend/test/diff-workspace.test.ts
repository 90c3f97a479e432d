import { execFileSync } from 'node:child_process';
import {
  chmod,
  cp,
  mkdir,
  readdir,
  realpath,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copyIn, diffWorkspace, type WorkspaceDiff } from '../src/index.ts';
import { workspaceEntries } from '../src/workspace/workspace-entries.ts';
import { localBottle, type LocalBottle } from './local-bottle.ts';
import { tempDir } from './temp-dir.ts';

interface Setup {
  readonly bottle: LocalBottle;
  readonly source: string;
  /** the workspace as the bottle sees it */
  readonly guest: string;
  readonly diff: (more?: Partial<Parameters<typeof diffWorkspace>[1]>) => Promise<WorkspaceDiff>;
}

async function put(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

/** A folder of the host, copied into a bottle as a launch does it. */
async function setup(prepare: (source: string) => Promise<void>): Promise<Setup> {
  const folder = await realpath(await tempDir());
  const source = join(folder, 'project');
  await mkdir(source);
  await prepare(source);
  const bottle = await localBottle(folder);
  const plan = { source, target: '/home/node/workspace', include: [], flagged: [] };
  const entries = workspaceEntries(plan, {
    target: 'workspace',
    knownSecrets: [],
    onFlagged: () => undefined,
  });
  await copyIn(bottle, entries, { root: '/home/node' });
  const diff: Setup['diff'] = (more = {}) =>
    diffWorkspace(bottle, {
      guestPath: '/home/node/workspace',
      source,
      since: null,
      only: null,
      texts: false,
      ...more,
    });
  return { bottle, source, guest: join(bottle.home, 'workspace'), diff };
}

const git = (cwd: string, ...args: string[]): void =>
  void execFileSync('git', ['-c', 'safe.directory=*', '-c', 'user.name=x', '-c', 'user.email=x@y', ...args], {
    cwd,
    stdio: 'ignore',
  });

async function repository(source: string): Promise<void> {
  await put(source, { 'a.txt': 'a\n', 'src/b.ts': 'b\n', '.gitignore': 'out/\n*.log\n', 'x.log': 'host' });
  git(source, 'init', '-q', '-b', 'main');
  git(source, 'remote', 'add', 'origin', 'https://git.example/x.git');
  git(source, 'add', '.');
  git(source, 'commit', '-q', '-m', 'x');
  await writeFile(join(source, '.git/hooks/pre-commit'), '#!/bin/sh\n', { mode: 0o755 });
}

const short = ({ changes }: WorkspaceDiff): string[] =>
  changes.map(({ status, path, what }) => [status, path, ...what].join(' '));
const risky = ({ risks }: WorkspaceDiff): string[] => risks.map(({ kind, path }) => `${kind} ${path}`);
const nothing = { risks: [], changes: [], ignored: [], notCompared: [], complaint: null };

describe('a workspace', () => {
  it('that nobody touched is no difference, whatever was left out of it', async () => {
    const { diff, source } = await setup(async (folder) => {
      await repository(folder);
      await put(folder, { 'out/made.js': '', 'sub/.gitignore': 'gen\n', 'sub/gen': '', 'run.sh': 'x' });
      await chmod(join(folder, 'run.sh'), 0o755);
      await symlink('/etc/hostname', join(folder, 'absolute'));
      await symlink('a.txt', join(folder, 'link'));
      execFileSync('mkfifo', [join(folder, 'pipe')]);
    });
    expect(await diff()).toEqual({
      ...nothing,
      notCompared: [],
    });
    expect(await readdir(source)).toContain('out');
  });

  it('tells what was added, changed and deleted, and how', async () => {
    const { diff, guest } = await setup(async (folder) => {
      await put(folder, { a: '1', b: '2', c: '3', d: '4', e: '5', 'f/g': '6' });
      await symlink('a', join(folder, 'l'));
    });
    await writeFile(join(guest, 'a'), '9');
    await chmod(join(guest, 'b'), 0o755);
    await rm(join(guest, 'c'));
    await rm(join(guest, 'd'));
    await symlink('a', join(guest, 'd'));
    await rm(join(guest, 'l'));
    await symlink('b', join(guest, 'l'));
    await put(guest, { 'new/h': 'x' });
    await rm(join(guest, 'f'), { recursive: true });
    await writeFile(join(guest, 'f'), 'now a file');
    const found = await diff();
    expect(short(found)).toEqual([
      'M a content',
      'M b mode',
      'D c',
      'M d type',
      'A f',
      'D f/g',
      'M l link',
      'A new/h',
    ]);
    expect(risky(found)).toEqual(['executable b']);
    expect(short(await diff({ only: 'new' }))).toEqual(['A new/h']);
    expect(short(await diff({ only: 'ne' }))).toEqual([]);
  });

  it('leaves nothing on the host, also when it fails', async () => {
    const { diff, guest } = await setup(async (folder) => await put(folder, { a: '1' }));
    const left = async (): Promise<string[]> =>
      (await readdir(tmpdir())).filter((name) => name.startsWith('bot-bottle-diff-'));
    const before = await left();
    await writeFile(join(guest, 'b'), 'x'.repeat(100));
    await diff();
    await expect(diff({ limits: { bytes: 50, entries: 10, fileBytes: 1000 } })).rejects.toThrow(
      /more than 50 bytes/,
    );
    await expect(diff({ limits: { bytes: 500, entries: 2, fileBytes: 1000 } })).rejects.toThrow(
      /more than 2 files/,
    );
    await expect(diff({ signal: AbortSignal.abort() })).rejects.toThrow();
    await expect(diff({ guestPath: '/home/node/nothing' })).rejects.toMatchObject({ code: 'copy_refused' });
    expect((await left()).filter((name) => !before.includes(name))).toEqual([]);
  });

  it('has the texts of both sides when asked, but no binary and no large one', async () => {
    const { diff, guest } = await setup(async (folder) => await put(folder, { a: 'one\n', gone: 'x\n' }));
    await put(guest, { a: 'two\n', bin: 'a\0b', big: 'x'.repeat(300_000) });
    await rm(join(guest, 'gone'));
    const texts = Object.fromEntries(
      (await diff({ texts: true })).changes.map(({ path, text }) => [path, text]),
    );
    expect(texts).toEqual({
      a: { before: 'one\n', after: 'two\n' },
      bin: null,
      big: null,
      gone: { before: 'x\n', after: '' },
    });
  });

  it("tells what may be the operator's own change", async () => {
    const { diff, source, guest } = await setup(async (folder) => await put(folder, { a: '1', b: '1' }));
    const since = new Date(Date.now() - 60_000);
    await put(guest, { a: '2', b: '2' });
    await utimes(join(source, 'a'), 0, 0);
    const found = await diff({ since });
    expect(found.changes.map(({ path, hostIsNewer }) => [path, hostIsNewer])).toEqual([
      ['a', false],
      ['b', true],
    ]);
  });
});

describe('rules of the copy', () => {
  it("ignored files are counted, by the host's rules and not by the agent's", async () => {
    const { diff, guest } = await setup(repository);
    await put(guest, {
      'out/a.js': '',
      'out/p/package.json': '{"scripts":{"postinstall":"x"}}',
      'new.log': '',
      '.gitignore': '*\n',
      '.bottleignore': '*\n',
      'src/evil.ts': '',
    });
    const found = await diff();
    expect(short(found)).toEqual(['A .bottleignore', 'M .gitignore content', 'A src/evil.ts']);
    expect(found.ignored).toEqual([
      { path: 'new.log', files: 1, risks: 0 },
      { path: 'out', files: 2, risks: 1 },
    ]);
    expect(risky(found)).toEqual(['agent .bottleignore']);
  });

  it('a file that was included although ignored is no difference', async () => {
    const { diff, guest } = await setup(repository);
    await put(guest, { 'x.log': 'host' });
    expect(await diff()).toEqual(nothing);
    await put(guest, { 'x.log': 'agent' });
    expect((await diff()).ignored).toEqual([{ path: 'x.log', files: 1, risks: 0 }]);
  });

  it('a file that a detector left out does not look deleted', async () => {
    const { diff } = await setup(
      async (folder) =>
        await put(folder, {
          token: `-----BEGIN ${'OPENSSH PRIVATE'} KEY-----\n${'b3BlbnNzaC1rZXktdjEAAAAA'.repeat(6)}\n-----END ${'OPENSSH PRIVATE'} KEY-----\n`,
          plain: 'x',
        }),
    );
    const found = await diff();
    expect(short(found)).toEqual([]);
    expect(found.notCompared).toEqual([{ path: 'token', why: expect.stringContaining('flagged') as string }]);
  });
});

describe('a hostile workspace', () => {
  it('hooks, configuration and redirected remotes are told, objects and samples are not', async () => {
    const { diff, guest } = await setup(repository);
    await put(guest, {
      '.git/hooks/post-checkout': 'evil',
      '.git/hooks/pre-push.sample': '',
      '.git/info/attributes': '* filter=evil',
      '.git/modules/m/config': '[core]\nsshCommand=evil',
      'b.txt': 'b',
    });
    git(guest, 'remote', 'set-url', 'origin', 'https://evil.example/x.git');
    git(guest, 'config', 'core.fsmonitor', './evil');
    git(guest, 'add', 'b.txt');
    git(guest, 'commit', '-q', '--no-verify', '-m', 'y');
    const found = await diff();
    expect(short(found)).toEqual(['A b.txt']);
    expect(found.risks.map(({ path, why }) => `${path} ${why}`)).toEqual([
      expect.stringContaining(
        '.git/config sends fetches or pushes elsewhere: remote.origin.url = https://evil',
      ),
      '.git/config sets core.fsmonitor = ./evil',
      expect.stringContaining('.git/hooks/post-checkout'),
      expect.stringContaining('.git/info/attributes names the filter driver evil'),
      '.git/modules/m/config sets core.sshcommand = evil',
    ]);
  });

  it('ordinary work with git is no risk', async () => {
    const { diff, guest } = await setup(repository);
    await put(guest, { 'b.txt': 'b' });
    git(guest, 'checkout', '-q', '-b', 'feature');
    git(guest, 'add', 'b.txt');
    git(guest, 'commit', '-q', '-m', 'y');
    git(guest, 'config', 'branch.feature.remote', 'origin');
    git(guest, 'config', 'branch.feature.merge', 'refs/heads/feature');
    expect(await diff()).toMatchObject({ risks: [], ignored: [], notCompared: [] });
  });

  it('a repository that is new, gone, or replaced by a pointer', async () => {
    const fresh = await setup(async (folder) => await put(folder, { a: '1' }));
    git(fresh.guest, 'init', '-q', 'sub');
    expect(short(await fresh.diff())).toEqual(['A sub/.git']);
    const gone = await setup(repository);
    await rm(join(gone.guest, '.git'), { recursive: true });
    expect(short(await gone.diff())).toEqual(['D .git']);
    await writeFile(join(gone.guest, '.git'), 'gitdir: ./evil\n');
    const found = await gone.diff();
    expect(short(found)).toEqual(['M .git type']);
    expect(risky(found)).toEqual(['git .git']);
  });

  it('links out are told and not made, pipes and large files are named', async () => {
    const { diff, guest, source } = await setup(async (folder) => await put(folder, { 'd/secret': 'host' }));
    await rm(join(guest, 'd'), { recursive: true });
    await symlink(source, join(guest, 'd'));
    await symlink('../../up', join(guest, 'up'));
    execFileSync('mkfifo', [join(guest, 'pipe')]);
    await writeFile(join(guest, 'huge.exe'), '');
    await truncate(join(guest, 'huge.exe'), 300 * 1024 * 1024);
    const found = await diff();
    expect(short(found)).toEqual(['A d', 'D d/secret', 'A up']);
    expect(risky(found)).toEqual(['executable huge.exe', 'link d', 'link up']);
    expect(found.notCompared).toEqual([
      { path: 'huge.exe', why: 'it is larger than 134217728 bytes' },
      { path: 'pipe', why: 'it is neither file, folder nor link' },
    ]);
  });

  it('a name that differs by case from an old file is told', async () => {
    const { diff, guest } = await setup(async (folder) => await put(folder, { Readme: '1' }));
    await put(guest, { README: 'x' });
    expect(risky(await diff())).toEqual(['name README']);
  });

  it('a folder of the host is not read through a link that the host has', async () => {
    const { diff, guest } = await setup(async (folder) => {
      await symlink('/etc', join(folder, 'd'));
    });
    await rm(join(guest, 'd'));
    await cp('/etc/hostname', join(guest, 'd/hostname'), { recursive: true });
    expect(short(await diff())).toEqual(['D d', 'A d/hostname']);
  });

  it('what the bottle cannot read is said', async () => {
    const { diff, bottle, guest } = await setup(async (folder) => await put(folder, { a: '1', b: '1' }));
    await rm(join(guest, 'a'));
    const complaining = {
      ...bottle,
      spawn: async (argv: readonly string[]) =>
        await bottle.spawn(['sh', '-c', '"$@"; echo "tar: a: no" >&2; exit 2', 'sh', ...argv]),
    };
    const found = await diffWorkspace(complaining, {
      guestPath: guest,
      source: join(dirname(bottle.home), 'project'),
      since: null,
      only: null,
      texts: false,
    });
    expect(found).toMatchObject({ complaint: 'tar: a: no\n', changes: [{ status: 'D', path: 'a' }] });
    expect(short(await diff())).toEqual(['D a']);
  });
});
