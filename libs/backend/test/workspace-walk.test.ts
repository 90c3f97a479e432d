import { execFile, execFileSync } from 'node:child_process';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { preparePlan } from '../src/index.ts';
import { walkWorkspace } from '../src/workspace/walk-workspace.ts';
import { sampleHost, sampleRequest } from './sample-plan.ts';
import { tempDir } from './temp-dir.ts';

const run = promisify(execFile);

function hasAccount(): boolean {
  try {
    return userInfo().homedir !== '/';
  } catch {
    return false;
  }
}

async function tree(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

async function filesOf(root: string, include: string[] = []): Promise<string[]> {
  const found: string[] = [];
  for await (const item of walkWorkspace(root, include)) if (item.kind !== 'dir') found.push(item.path);
  return found.toSorted();
}

describe('walkWorkspace', () => {
  it('leaves out what git ignores, as git itself says', async () => {
    const root = await tempDir();
    await tree(root, {
      '.gitignore':
        '*.log\n!keep.log\n/top\nbuild/\n**/deep/*.tmp\n# comment\n\\#literal\nsub/*.x\n[abc].y\n',
      'sub/.gitignore': '!*.log\nown\n',
      'a.log': '',
      'keep.log': '',
      'sub/b.log': '',
      top: '',
      'sub/top': '',
      'build/x': '',
      'sub/build/y': '',
      'x/deep/z.tmp': '',
      'x/deep/z': '',
      '#literal': '',
      'sub/q.x': '',
      'sub/sub/q.x': '',
      'a.y': '',
      'd.y': '',
      'sub/own': '',
      own: '',
      'with space': '',
      ünï: '',
    });
    await run('git', ['init', '-q'], { cwd: root });
    await writeFile(join(root, '.git/info/exclude'), 'd.y\n');
    const { stdout } = await run(
      'git',
      ['-c', 'core.quotePath=false', '-c', 'safe.directory=*', 'ls-files', '-o', '-c', '--exclude-standard'],
      { cwd: root, env: { ...process.env, HOME: root, XDG_CONFIG_HOME: root } },
    );
    const expected = stdout.trim().split('\n');
    expect((await filesOf(root)).filter((path) => path !== '.git')).toEqual(expected.toSorted());
  });

  it('obeys the rules of the repository above a subfolder', async () => {
    const root = await tempDir();
    await tree(root, {
      '.git/HEAD': '',
      '.gitignore': 'secret.txt\n/pkg/out\n',
      'pkg/secret.txt': '',
      'pkg/out/x': '',
      'pkg/file': '',
    });
    expect(await filesOf(join(root, 'pkg'))).toEqual(['file']);
  });

  it('obeys .bottleignore, and includes what is asked for all the same', async () => {
    const root = await tempDir();
    await tree(root, {
      '.bottleignore': 'private/\n*.key\n',
      'private/a/b': '',
      'private/a/c': '',
      'x.key': '',
      'y.key': '',
      z: '',
    });
    expect(await filesOf(root)).toEqual(['.bottleignore', 'z']);
    expect(await filesOf(root, ['private/a/b', 'x.key'])).toEqual([
      '.bottleignore',
      'private/a/b',
      'x.key',
      'z',
    ]);
    expect(await filesOf(root, ['private'])).toEqual(['.bottleignore', 'private/a/b', 'private/a/c', 'z']);
  });

  it('keeps links as links, and skips sockets and pipes', async () => {
    const root = await tempDir();
    await symlink('/etc', join(root, 'out'));
    await symlink('nowhere', join(root, 'dangling'));
    execFileSync('mkfifo', [join(root, 'pipe')]);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(root, 'socket'), resolve));
    onTestFinished(async () => await new Promise<void>((resolve) => server.close(() => resolve())));
    expect(await filesOf(root)).toEqual(['dangling', 'out']);
  });

  it('does not read ignore files through links', async () => {
    const root = await tempDir();
    await tree(root, { file: '', 'rules/list': 'file\n' });
    await symlink('rules/list', join(root, '.gitignore'));
    expect(await filesOf(root)).toContain('file');
  });

  it('is not held up by rules made to be slow', async () => {
    const root = await tempDir();
    await tree(root, {
      '.gitignore': `${'*a'.repeat(40)}b\n${'**/a/'.repeat(40)}b\n`,
      ['a'.repeat(250)]: '',
      [`${'a/'.repeat(60)}x`]: '',
    });
    const started = performance.now();
    await filesOf(root);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('a planned workspace', () => {
  it('lists what a detector flags, and keeps it only when included', async () => {
    const folder = await tempDir();
    const { deps } = await sampleHost(folder);
    const project = join(folder, 'project');
    const key = `-----BEGIN OPENSSH PRIVATE KEY-----\n${'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n'.repeat(5)}-----END OPENSSH PRIVATE KEY-----\n`;
    await tree(project, { id_key: key, 'readme.md': 'no secrets' });
    const plan = await preparePlan(sampleRequest(undefined, { cwd: project }), deps);
    expect(plan.workspace).toMatchObject({ source: project, target: '/home/node/workspace', include: [] });
    expect(plan.workspace?.flagged.map(({ path }) => path)).toEqual(['id_key']);
    expect(plan.workdir).toBe('/home/node/workspace');
    expect(JSON.stringify(plan)).not.toContain('b3BlbnNzaC1r');
    const included = await preparePlan(sampleRequest(undefined, { cwd: project, include: ['id_key'] }), deps);
    expect(included.workspace?.flagged).toEqual([]);
  });

  it.each([
    '',
    '/',
    '..',
    '.ssh',
    '.ssh/sub',
    '.bot-bottle',
    '.bot-bottle/state',
    '.config',
    '.aws',
    '.config/gcloud',
    'missing',
  ])('is refused for the home and %j in it', async (path) => {
    const folder = await tempDir();
    const { deps, hostHome } = await sampleHost(folder);
    for (const name of ['.ssh/sub', '.config/gcloud', '.aws', '.bot-bottle/state'])
      await mkdir(join(hostHome, name), { recursive: true });
    const cwd = path === '/' ? '/' : join(hostHome, path);
    await expect(preparePlan(sampleRequest(undefined, { cwd }), deps)).rejects.toMatchObject({
      code: 'workspace_refused',
    });
  });

  it.skipIf(!hasAccount())(
    'is refused for the home of the account when HOME says something else',
    async () => {
      const { deps } = await sampleHost(await tempDir());
      const planning = preparePlan(sampleRequest(undefined, { cwd: userInfo().homedir }), deps);
      await expect(planning).rejects.toMatchObject({ code: 'workspace_refused' });
    },
  );

  it('is refused through a link to a forbidden folder', async () => {
    const folder = await tempDir();
    const { deps, hostHome } = await sampleHost(folder);
    await mkdir(join(hostHome, '.ssh'));
    await symlink(join(hostHome, '.ssh'), join(folder, 'innocent'));
    await expect(
      preparePlan(sampleRequest(undefined, { cwd: join(folder, 'innocent') }), deps),
    ).rejects.toMatchObject({ code: 'workspace_refused' });
  });

  it('is refused when a credential folder is a link into it', async () => {
    const folder = await tempDir();
    const { deps, hostHome } = await sampleHost(folder);
    await mkdir(join(folder, 'dotfiles/ssh'), { recursive: true });
    await symlink(join(folder, 'dotfiles/ssh'), join(hostHome, '.ssh'));
    await expect(
      preparePlan(sampleRequest(undefined, { cwd: join(folder, 'dotfiles') }), deps),
    ).rejects.toMatchObject({ code: 'workspace_refused' });
  });

  it.each(['../outside', '/etc/passwd', 'missing', '.'])('refuses --include %s', async (include) => {
    const folder = await tempDir();
    const { deps } = await sampleHost(folder);
    await tree(folder, { 'project/a': '', outside: '' });
    await expect(
      preparePlan(sampleRequest(undefined, { cwd: join(folder, 'project'), include: [include] }), deps),
    ).rejects.toMatchObject({ code: 'workspace_refused' });
  });

  it('passes over what cannot be read', async () => {
    const folder = await tempDir();
    await tree(folder, { 'closed/x': '', open: '' });
    await chmod(join(folder, 'closed'), 0o000);
    onTestFinished(async () => await chmod(join(folder, 'closed'), 0o700));
    expect(await filesOf(folder)).toContain('open');
  });
});
