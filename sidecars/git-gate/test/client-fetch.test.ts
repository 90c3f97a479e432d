import { readdir } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { commitAt } from './support/bare-repo.ts';
import { useScenes } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

const three = [
  { message: 'first', files: { 'a.txt': 'a\n' } },
  { message: 'second', files: { 'b.txt': 'b\n' } },
  { message: 'third', files: { 'c.txt': 'c\n' } },
  { ref: 'refs/heads/side', message: 'side', files: { 'side.txt': 'side\n' } },
];

describe.skipIf(sshd === null)('fetching with stock git', () => {
  const scenes = useScenes();

  test('clone gives every branch and the files of the default one', async () => {
    const { client, sshUrl, refs } = await scenes.open({
      repos: [{ name: 'project', at: { commits: three } }],
    });
    await client.must('clone', '-q', sshUrl(), 'repo');
    const there = await refs();
    expect(await client.must('-C', 'repo', 'rev-parse', 'HEAD', 'origin/side')).toBe(
      `${there.get('refs/heads/main')}\n${there.get('refs/heads/side')}`,
    );
    expect(await readdir(client.at('repo'))).toEqual(expect.arrayContaining(['a.txt', 'b.txt', 'c.txt']));
    expect(await client.must('-C', 'repo', 'remote', 'get-url', 'origin')).toContain('http://127.0.0.1:');
  });

  test('clone follows an upstream whose default branch is not main', async () => {
    const { client, sshUrl } = await scenes.open({
      repos: [{ name: 'project', at: { defaultBranch: 'trunk' } }],
    });
    await client.must('clone', '-q', sshUrl(), 'repo');
    expect(await client.must('-C', 'repo', 'branch', '--show-current')).toBe('trunk');
  });

  test('clone --depth brings only so much history, and it can be deepened', async () => {
    const { client, sshUrl } = await scenes.open({ repos: [{ name: 'project', at: { commits: three } }] });
    await client.must('clone', '-q', '--depth=1', sshUrl(), 'repo');
    expect(await client.must('-C', 'repo', 'rev-list', '--count', 'HEAD')).toBe('1');
    await client.must('-C', 'repo', 'fetch', '-q', '--deepen=1');
    expect(await client.must('-C', 'repo', 'rev-list', '--count', 'HEAD')).toBe('2');
    await client.must('-C', 'repo', 'fetch', '-q', '--unshallow');
    expect(await client.must('-C', 'repo', 'rev-list', '--count', 'HEAD')).toBe('3');
  });

  test('clone --filter=blob:none brings blobs only when they are needed', async () => {
    const { client, sshUrl } = await scenes.open({ repos: [{ name: 'project', at: { commits: three } }] });
    await client.must('clone', '-q', '--filter=blob:none', '--no-checkout', sshUrl(), 'repo');
    const missing = async (): Promise<number> =>
      (await client.must('-C', 'repo', 'rev-list', '--objects', '--all', '--missing=print'))
        .split('\n')
        .filter((line) => line.startsWith('?')).length;
    expect(await missing()).toBe(4);
    await client.must('-C', 'repo', 'checkout', '-q', 'main');
    expect(await missing()).toBe(1);
  });

  test('clone --single-branch brings that branch alone', async () => {
    const { client, sshUrl } = await scenes.open({ repos: [{ name: 'project', at: { commits: three } }] });
    await client.must('clone', '-q', '--single-branch', '--branch', 'side', sshUrl(), 'repo');
    expect(await client.must('-C', 'repo', 'branch', '-r')).toBe('  origin/side');
  });

  test('fetch and pull bring what somebody else pushed directly to the upstream', async () => {
    const { client, sshUrl, upstream, at, refs } = await scenes.open();
    await client.must('clone', '-q', sshUrl(), 'repo');
    for (const round of [1, 2, 3]) {
      await commitAt(upstream.repoPath(at()), [{ message: `${round}`, files: { 'n.txt': `${round}\n` } }]);
      await client.must('-C', 'repo', round === 3 ? 'pull' : 'fetch', '-q');
      expect(await client.must('-C', 'repo', 'rev-parse', 'origin/main')).toBe(
        (await refs()).get('refs/heads/main'),
      );
    }
    expect(await client.must('-C', 'repo', 'rev-parse', 'HEAD')).toBe((await refs()).get('refs/heads/main'));
  });

  test('fetch shows a branch that was rewritten and one that was deleted at the upstream', async () => {
    const { client, sshUrl, upstream, at } = await scenes.open({
      repos: [{ name: 'project', at: { commits: three } }],
    });
    await client.must('clone', '-q', sshUrl(), 'repo');
    await upstream.git(at(), 'update-ref', 'refs/heads/main', 'refs/heads/main~1');
    await upstream.git(at(), 'update-ref', '-d', 'refs/heads/side');
    await client.must('-C', 'repo', 'fetch', '-q', '--prune');
    expect(await client.must('-C', 'repo', 'rev-list', '--count', 'origin/main')).toBe('2');
    expect(await client.must('-C', 'repo', 'branch', '-r')).not.toContain('side');
  });

  test('fetch takes a branch whose name became a folder of names', async () => {
    const { client, sshUrl, upstream, at } = await scenes.open({
      repos: [{ name: 'project', at: { commits: three } }],
    });
    await client.must('clone', '-q', sshUrl(), 'repo');
    const side = await upstream.git(at(), 'rev-parse', 'refs/heads/side');
    await upstream.git(at(), 'update-ref', '-d', 'refs/heads/side');
    await upstream.git(at(), 'update-ref', 'refs/heads/side/deeper', side);
    await client.must('-C', 'repo', 'fetch', '-q', '--prune');
    expect(await client.must('-C', 'repo', 'rev-parse', 'origin/side/deeper')).toBe(side);
  });

  test('only branches and tags of the upstream are shown', async () => {
    const { client, sshUrl, upstream, at } = await scenes.open();
    const head = await upstream.git(at(), 'rev-parse', 'HEAD');
    await upstream.git(at(), 'update-ref', 'refs/pull/1/head', head);
    await upstream.git(at(), 'update-ref', 'refs/notes/commits', head);
    await upstream.git(at(), 'tag', 'v1');
    expect((await client.must('ls-remote', sshUrl())).split('\n').map((line) => line.split('\t')[1])).toEqual(
      ['HEAD', 'refs/heads/main', 'refs/tags/v1'],
    );
  });

  test('an empty repository clones, with a warning of git', async () => {
    const { client, sshUrl } = await scenes.open({ repos: [{ name: 'project', at: { commits: [] } }] });
    const { code, stderr } = await client.git('clone', sshUrl(), 'repo');
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('empty repository');
  });

  test('a repository with SHA-256 object names clones', async () => {
    const { client, sshUrl, refs } = await scenes.open({
      repos: [{ name: 'project', at: { objectFormat: 'sha256' } }],
    });
    const { code, stderr } = await client.git('clone', sshUrl(), 'repo');
    expect(code, stderr).toBe(0);
    expect(await client.must('-C', 'repo', 'rev-parse', 'HEAD')).toBe((await refs()).get('refs/heads/main'));
  });

  test('10,000 refs clone, and one that moves is seen', { timeout: 90_000 }, async () => {
    const { client, sshUrl, upstream, at } = await scenes.open();
    const head = await upstream.git(at(), 'rev-parse', 'HEAD');
    const lines = Array.from({ length: 10_000 }, (_, index) => `create refs/heads/many/${index} ${head}\n`);
    await upstream.gitInput(at(), lines.join(''), 'update-ref', '--stdin');
    await client.must('clone', '-q', sshUrl(), 'repo');
    expect((await client.must('-C', 'repo', 'for-each-ref', 'refs/remotes')).split('\n').length).toBe(10_002);
    await commitAt(upstream.repoPath(at()), [{ ref: 'refs/heads/many/77', files: { 'x.txt': 'x\n' } }]);
    await client.must('-C', 'repo', 'fetch', '-q');
    expect(await client.must('-C', 'repo', 'rev-parse', 'origin/many/77')).toBe(
      await upstream.git(at(), 'rev-parse', 'refs/heads/many/77'),
    );
  });

  test('names outside of ASCII arrive as they are', async () => {
    const { client, sshUrl } = await scenes.open({
      repos: [
        {
          name: 'project',
          at: {
            commits: [
              { message: 'first', files: { 'файл/日本語.txt': 'x\n' } },
              { ref: 'refs/heads/größe/日本', message: 'x', files: { 'y.txt': 'y\n' } },
            ],
          },
        },
      ],
    });
    await client.must('clone', '-q', sshUrl(), 'repo');
    expect(await readdir(client.at('repo', 'файл'))).toEqual(['日本語.txt']);
    expect(await client.must('-C', 'repo', 'branch', '-r')).toContain('origin/größe/日本');
  });

  test.each(['0', '1', '2'])('protocol version %s clones and fetches', async (version) => {
    const { sshUrl, newClient, upstream, at } = await scenes.open();
    const client = await newClient({ config: { 'protocol.version': version } });
    await client.must('clone', '-q', sshUrl(), 'repo');
    await commitAt(upstream.repoPath(at()), [{ message: 'next', files: { 'n.txt': 'n\n' } }]);
    await client.must('-C', 'repo', 'fetch', '-q');
    expect(await client.must('-C', 'repo', 'rev-parse', 'origin/main')).toBe(
      await upstream.git(at(), 'rev-parse', 'main'),
    );
  });
});

describe.skipIf(sshd === null)('submodules', () => {
  const scenes = useScenes();

  async function withSubmodule(url: (name: string) => string): Promise<{
    clone: () => Promise<{ code: number | null; stderr: string }>;
    read: () => Promise<string>;
  }> {
    const scene = await scenes.open({ repos: [{ name: 'project' }, { name: 'lib' }] });
    const lib = (await scene.refs('lib')).get('refs/heads/main') ?? '';
    // fast-import cannot write a gitlink with the helper: an index can
    const builder = await scene.newClient();
    await builder.must('clone', '-q', scene.upstream.repoPath(scene.at()), 'work');
    await builder.write(
      'work/.gitmodules',
      `[submodule "lib"]\n\tpath = lib\n\turl = ${url(scene.at('lib'))}\n`,
    );
    await builder.must('-C', 'work', 'add', '.gitmodules');
    await builder.must('-C', 'work', 'update-index', '--add', '--cacheinfo', `160000,${lib},lib`);
    await builder.must('-C', 'work', 'commit', '-qm', 'lib');
    await builder.must('-C', 'work', 'push', '-q', 'origin', 'main');
    return {
      clone: () => scene.client.git('clone', '--recurse-submodules', scene.sshUrl(), 'repo'),
      read: () => scene.client.must('-C', 'repo/lib', 'log', '--format=%s'),
    };
  }

  test('of a declared repository come through the gate', async () => {
    const { clone, read } = await withSubmodule((lib) => scenes.upstream().repoUrl(lib));
    const { code, stderr } = await clone();
    expect(code, stderr).toBe(0);
    expect(await read()).toBe('first');
  });

  test('with an address relative to the repository come through the gate', async () => {
    const { clone, read } = await withSubmodule((lib) => `../${lib}.git`);
    const { code, stderr } = await clone();
    expect(code, stderr).toBe(0);
    expect(await read()).toBe('first');
  });

  test('of an undeclared repository fail with a reason and bring nothing', async () => {
    const { clone } = await withSubmodule(() => `${scenes.upstream().repoUrl('undeclared')}`);
    const { code, stderr } = await clone();
    expect(code).not.toBe(0);
    expect(stderr).toContain('lib');
  });
});
