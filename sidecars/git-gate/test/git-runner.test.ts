import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Git, GitRun } from '../src/contracts.ts';
import { createGit } from '../src/git/create-git.ts';
import { gitEnvironment } from '../src/git/git-environment.ts';
import { requireGit } from '../src/git/require-git.ts';
import { addBareRepo } from './support/bare-repo.ts';
import { findProgram } from './support/required.ts';

const program = findProgram('git');
const url = 'ssh://user@upstream.example/path.git';

describe.skipIf(program === null)('a run of git', () => {
  let folder: string;
  let home: string;
  let repo: string;
  let git: Git;
  beforeAll(async () => {
    folder = await mkdtemp('/tmp/git-gate-runner-');
    home = await mkdtemp(join(folder, 'home-'));
    repo = join(folder, 'repo.git');
    await addBareRepo(repo);
    git = createGit({ git: program ?? '', home });
  });
  afterAll(async () => await rm(folder, { recursive: true, force: true }));

  const inRepo = (args: readonly string[], more: Partial<GitRun> = {}): GitRun => ({
    args,
    view: { gitDir: repo, objects: null, alternates: [] },
    timeoutMs: 30_000,
    ...more,
  });
  /** git that starts a program instead of ssh, as it would with GIT_SSH_COMMAND */
  async function withSsh(script: string, more: Partial<GitRun> = {}): Promise<{ run: GitRun; path: string }> {
    const path = join(await mkdtemp(join(folder, 'ssh-')), 'ssh');
    await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const env = { GIT_SSH_COMMAND: path, GIT_SSH_VARIANT: 'ssh' };
    return { run: { args: ['ls-remote', url], view: null, timeoutMs: 30_000, env, ...more }, path };
  }

  test('gives code, output and the last lines of stderr', async () => {
    expect(await git.run(inRepo(['rev-parse', '--is-bare-repository']))).toEqual({
      code: 0,
      stdout: Buffer.from('true\n'),
      stderr: [],
    });
    const lines: string[] = [];
    const failing = await git.run(
      inRepo(['rev-parse', '--verify', 'nothing'], { onErrorLine: (line) => lines.push(line) }),
    );
    expect(failing.code).toBe(128);
    expect(failing.stderr).toEqual(['fatal: Needed a single revision']);
    expect(lines).toEqual(failing.stderr);
  });

  test('takes input as text and as a stream', async () => {
    const hash = ['hash-object', '--stdin'];
    const { stdout } = await git.run(inRepo(hash, { input: 'text' }));
    async function* parts(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('te');
      yield Buffer.from('xt');
    }
    expect((await git.run(inRepo(hash, { input: parts() }))).stdout).toEqual(stdout);
  });

  test('survives input that nobody reads, and fails when the input does', async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) yield Buffer.alloc(65_536);
    }
    expect((await git.run(inRepo(['version'], { input: endless() }))).code).toBe(0);
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('x');
      throw new Error('client is gone');
    }
    const failing = git.run(inRepo(['hash-object', '--stdin'], { input: broken() }));
    await expect(failing).rejects.toMatchObject({ code: 'git_failed' });
  });

  test('refuses output beyond its limit', async () => {
    const run = inRepo(['cat-file', '--batch', '--batch-all-objects'], { maxOutput: 10 });
    await expect(git.run(run)).rejects.toMatchObject({
      code: 'git_failed',
      message: expect.stringContaining('10 bytes'),
    });
  });

  test('streams output, and fails at the end when git does', async () => {
    const readme = await collect(git.stream(inRepo(['cat-file', '-p', 'main:README.md'])));
    expect(readme.toString()).toBe('# a project\n');
    const failing = git.stream(inRepo(['cat-file', '-p', 'main:nothing']));
    await expect(collect(failing)).rejects.toMatchObject({
      code: 'git_failed',
      message: expect.stringContaining('nothing'),
    });
  });

  test('ends git when the reader of a stream stops early', async () => {
    // git waits for input that never comes
    const { promise: never } = Promise.withResolvers<Uint8Array>();
    async function* input(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('main\n');
      yield await never;
    }
    const run = inRepo(['cat-file', '--batch'], { input: input() });
    for await (const chunk of git.stream(run)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(await gitsIn(repo)).toEqual([]);
  });

  test.each([
    ['a signal', {}, true],
    ['the time', { timeoutMs: 3000 }, false],
  ])('ends the whole process group with %s', async (_what, more, abort) => {
    const controller = new AbortController();
    // a child of the child, which ignores SIGTERM
    const deaf = 'trap "" TERM; echo $$ > "$1"; while :; do sleep 1; done';
    const script = `sh -c '${deaf}' deaf "$0.pid" & wait`;
    const { run, path } = await withSsh(script, { ...more, signal: controller.signal });
    const running = git.run(run);
    const failure = expect(running).rejects.toMatchObject({ code: 'git_failed' });
    const pid = await written(`${path}.pid`);
    if (abort) controller.abort();
    await failure;
    await gone(pid);
  });

  test('does not start for a signal that is aborted already', async () => {
    const run = inRepo(['version'], { signal: AbortSignal.abort() });
    await expect(git.run(run)).rejects.toMatchObject({ code: 'git_failed' });
  });

  test('says that the program is not there', async () => {
    const missing = createGit({ git: '/nonexistent/git', home });
    const failure = { code: 'git_failed', message: expect.stringContaining('cannot start /nonexistent/git') };
    await expect(missing.run(inRepo(['version']))).rejects.toMatchObject(failure);
    await expect(collect(missing.stream(inRepo(['version'])))).rejects.toMatchObject(failure);
  });

  test('gives children nothing of its own environment', async () => {
    process.env['GIT_GATE_KEY_0'] = 'a secret';
    process.env['SSH_AUTH_SOCK'] = '/tmp/agent';
    process.env['GIT_DIR'] = '/tmp/elsewhere';
    try {
      const { run, path } = await withSsh('env > "$0.env"; exit 1');
      await git.run(run);
      const names = (await written(`${path}.env`)).split('\n').map((line) => line.replace(/=.*$/, ''));
      const given = Object.keys(gitEnvironment({ git: program ?? '', home }, null, run.env));
      const theirs = ['PWD', 'OLDPWD', 'SHLVL', '_', 'GIT_EXEC_PATH', 'GIT_PROTOCOL'];
      expect(names.filter((name) => ![...given, ...theirs].includes(name))).toEqual([]);
      expect(names).toContain('GIT_CONFIG_GLOBAL');
    } finally {
      for (const name of ['GIT_GATE_KEY_0', 'SSH_AUTH_SOCK', 'GIT_DIR']) delete process.env[name];
    }
  });

  test('has one configuration: no file of the machine, of the home or of the repository overrides it', async () => {
    const hooks = join(folder, 'evil-hooks');
    await writeFile(join(folder, 'gitconfig'), `[core]\n\thooksPath = ${hooks}\n[user]\n\tname = home\n`);
    const other = createGit({ git: program ?? '', home: folder });
    await writeFile(join(folder, '.gitconfig'), `[core]\n\thooksPath = ${hooks}\n[user]\n\tname = home\n`);
    await git.run(inRepo(['config', 'core.hooksPath', hooks]));
    await git.run(inRepo(['config', 'core.fsmonitor', '/bin/evil']));
    const get = async (key: string): Promise<string> =>
      (await other.run(inRepo(['config', key]))).stdout.toString().trim();
    expect(await get('core.hooksPath')).toBe('/dev/null');
    expect(await get('core.fsmonitor')).toBe('false');
    expect(await get('user.name')).toBe('');
  });

  test('refuses every transport but SSH', async () => {
    for (const target of [
      repo,
      `file://${repo}`,
      'ext::sh -c true',
      'https://127.0.0.1:1/x.git',
      'git://127.0.0.1/x',
    ]) {
      const { code, stderr } = await git.run({ args: ['ls-remote', target], view: null, timeoutMs: 30_000 });
      expect([target, code, stderr.join()]).toEqual([target, 128, expect.stringContaining('not allowed')]);
    }
  });

  test('shows the object itself, not what a replace ref puts in its place', async () => {
    const at = async (args: readonly string[]): Promise<string> =>
      (await git.run(inRepo(args, { input: 'other' }))).stdout.toString().trim();
    const blob = await at(['rev-parse', 'main:README.md']);
    const other = await at(['hash-object', '-w', '--stdin']);
    await at(['update-ref', `refs/replace/${blob}`, other]);
    expect(await at(['cat-file', '-p', blob])).toBe('# a project');
  });

  test('keeps nothing in its home', async () => {
    expect(await readdir(home)).toEqual([]);
  });

  test('bounds lines of stderr in number and length', async () => {
    const { run } = await withSsh(
      'i=0; while [ $i -lt 1500 ]; do echo "line $i" >&2; i=$((i+1)); done; printf "%05000d\\rlast" 0 >&2; exit 1',
    );
    const lines: string[] = [];
    const { stderr } = await git.run({ ...run, onErrorLine: (line) => lines.push(line) });
    expect(lines).toHaveLength(1000);
    expect(stderr).toHaveLength(100);
    expect(Math.max(...stderr.map((line) => line.length))).toBe(1000);
    expect(stderr.find((line) => line.startsWith('last'))).toBeDefined();
  });
});

describe('the git that is needed', () => {
  const answering = (text: string): Git => ({
    run: async () => ({ code: 0, stdout: Buffer.from(text), stderr: [] }),
    stream: async function* none() {},
  });

  test.each(['git version 2.31.0', 'git version 2.39.5 (Apple Git-154)', 'git version 3.0.1'])(
    '%s',
    async (text) => {
      await requireGit(answering(text));
    },
  );

  test.each(['git version 2.30.9', 'git version 1.99.0', 'nonsense', ''])('is not %s', async (text) => {
    await expect(requireGit(answering(text))).rejects.toMatchObject({ code: 'invalid_config' });
  });
});

describe('the environment of git', () => {
  test('names folders with a colon so that git reads them as one', () => {
    const view = { gitDir: '/m', objects: '/q', alternates: ['/a:b"c', '/d'] };
    const env = gitEnvironment({ git: '/usr/bin/git', home: '/h' }, view, { MORE: '1' });
    expect(env).toMatchObject({
      PATH: '/usr/bin',
      HOME: '/h',
      GIT_DIR: '/m',
      GIT_OBJECT_DIRECTORY: '/q',
      GIT_ALTERNATE_OBJECT_DIRECTORIES: String.raw`"/a:b\"c":/d`,
      MORE: '1',
    });
  });
});

/** Content of a file as soon as there is one; the test's own limit ends the wait. */
async function written(path: string): Promise<string> {
  for (;;) {
    const text = await readFile(path, 'utf8').catch(() => '');
    if (text.endsWith('\n')) return text.trim();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Resolves when a process runs no more; the test's own limit ends the wait. A zombie waits for its parent only. */
async function gone(pid: string): Promise<void> {
  for (;;) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
    if (/\) [ZX]/.test(stat)) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Processes that have a repository as their GIT_DIR. */
async function gitsIn(gitDir: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const environments = await Promise.all(
    pids.map(async (pid) => [pid, await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')] as const),
  );
  return environments
    .filter(([, text]) => text.split('\0').includes(`GIT_DIR=${gitDir}`))
    .map(([pid]) => pid);
}
