import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Git } from '../src/contracts.ts';
import { GitGateServerError } from '../src/errors.ts';
import type { BareRepository } from '../src/mirror/bare-repository.ts';
import { refreshMirror } from '../src/mirror/refresh-mirror.ts';
import { commitAt } from './support/bare-repo.ts';
import { createMirrorFixture, ready } from './mirror-fixture.ts';
import type { MirrorFixture } from './mirror-fixture.ts';
import { output } from './support/run-program.ts';

const never = new AbortController().signal;

describe('a fetch that makes the mirror too large', () => {
  test('is ended while it runs', async () => {
    const resets: string[] = [];
    const refs = new Map<string, string>();
    const git: Git = {
      run: async ({ args, signal }) => {
        const listing = { code: 0, stdout: Buffer.from(`${'a'.repeat(40)}\trefs/heads/main\n`), stderr: [] };
        if (args[0] === 'ls-remote' || signal === undefined) return listing;
        // an upstream that never stops sending
        await once(signal, 'abort');
        throw new GitGateServerError('git_failed', 'git fetch was cancelled');
      },
      stream: async function* none() {},
    };
    const repository: BareRepository = {
      view: { gitDir: '/none', objects: null, alternates: [] },
      format: () => 'sha1',
      reset: async (format) => void resets.push(format),
      refs: async () => refs,
      setHead: async () => {},
      packBytes: async () => 1001,
      removeLeftovers: async () => {},
      markClean: async () => {},
    };
    const connection = { variables: () => ({}) };
    const limits = { transferMs: 60_000, mirrorBytes: 1000 };
    const refresh = refreshMirror(
      { git, repository, connection, url: 'ssh://u@h/p', what: 'p', ...limits },
      never,
    );
    await expect(refresh).rejects.toMatchObject({ code: 'limit_exceeded' });
    expect(resets).toEqual(['sha1']);
  });
});

describe.skipIf(!ready)('a refresh that cannot be done', () => {
  let fixture: MirrorFixture;
  beforeAll(async () => {
    fixture = await createMirrorFixture();
    await fixture.upstream.addRepo('project');
  });
  afterAll(async () => await fixture.close());

  const failed = (text: string): object =>
    expect.objectContaining({ code: 'refresh_failed', message: expect.stringContaining(text) });

  test('names the host key that the manifest lacks, and makes no connection', async () => {
    const before = fixture.upstream.connections();
    const mirror = await fixture.mirror('project', { host_key: null });
    await expect(mirror.refresh(never)).rejects.toEqual(
      failed('add git-gate.repos.project.host_key to the manifest'),
    );
    expect(fixture.upstream.connections()).toBe(before);
  });

  test('names the key that the manifest lacks', async () => {
    const mirror = await fixture.mirror('project', {}, { key: null });
    await expect(mirror.refresh(never)).rejects.toEqual(failed('git-gate.repos.project.identity'));
  });

  test('refuses an upstream with another host key', async () => {
    const key = join(fixture.folder, 'other');
    await output('ssh-keygen', ['-q', '-N', '', '-t', 'ed25519', '-f', key]);
    const [type = '', material = ''] = (await output('cat', [`${key}.pub`])).split(' ');
    const mirror = await fixture.mirror('project', { host_key: `${type} ${material}` });
    await expect(mirror.refresh(never)).rejects.toEqual(failed('Host key verification failed'));
    expect((await mirror.refs()).size).toBe(0);
  });

  test('tells in the error and in the log that the upstream refuses the key', async () => {
    const key = join(fixture.folder, 'stranger');
    await output('ssh-keygen', ['-q', '-N', '', '-t', 'ed25519', '-f', key]);
    fixture.log.length = 0;
    const mirror = await fixture.mirror('project', {}, { key: await output('cat', [key]) });
    await expect(mirror.refresh(never)).rejects.toEqual(failed('Permission denied'));
    expect(fixture.log).toContainEqual({
      event: 'refresh_failed',
      repo: 'project',
      line: expect.stringContaining('Permission denied'),
    });
    expect(JSON.stringify(fixture.log)).not.toContain('PRIVATE KEY');
  });

  test('tells that a key is no key', async () => {
    const mirror = await fixture.mirror('project', {}, { key: 'nonsense' });
    await expect(mirror.refresh(never)).rejects.toEqual(failed('Permission denied'));
  });

  test('is never fresh after a failure, and works again when the upstream does', async () => {
    await fixture.upstream.addRepo('down');
    const mirror = await fixture.mirror('down');
    await mirror.refresh(never);
    await fixture.upstream.pause();
    await expect(mirror.refresh(never)).rejects.toEqual(failed('down: cannot refresh from 127.0.0.1:'));
    expect(mirror.isFresh(60_000)).toBe(false);
    await fixture.upstream.resume();
    await mirror.refresh(never);
    expect(mirror.isFresh(60_000)).toBe(true);
    mirror.invalidate();
    expect(mirror.isFresh(60_000)).toBe(false);
  });

  test('says that the upstream has no such repository', async () => {
    const mirror = await fixture.mirror('missing');
    await expect(mirror.refresh(never)).rejects.toEqual(failed('does not appear to be a git repository'));
  });

  test('ends with the signal when the upstream never answers', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      socket.on('error', () => {});
      sockets.push(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      const mirror = await fixture.mirror('project', { port });
      const controller = new AbortController();
      const refresh = mirror.refresh(controller.signal);
      const connected = once(server, 'connection');
      const failure = expect(refresh).rejects.toMatchObject({ code: 'git_failed' });
      await connected;
      controller.abort();
      await failure;
      // the connection closes: nothing of it goes on
      await Promise.all(sockets.map((socket) => once(socket.resume(), 'close')));
      expect(mirror.isFresh(60_000)).toBe(false);
    } finally {
      server.close();
    }
  });

  test('ends by itself when the upstream is too slow', async () => {
    await fixture.upstream.addRepo('slow');
    const mirror = await fixture.mirror(
      'slow',
      {},
      { limits: { transfer_seconds: 0.001, mirror_bytes: 1e8 } },
    );
    await expect(mirror.refresh(never)).rejects.toEqual(failed('did not end within 0.001 s'));
  });

  test('empties a mirror that would be larger than its limit', async () => {
    await fixture.upstream.addRepo('large');
    const limits = { transfer_seconds: 60, mirror_bytes: 1_000_000 };
    const mirror = await fixture.mirror('large', {}, { limits });
    await mirror.refresh(never);
    await commitAt(fixture.upstream.repoPath('large'), [{ files: { 'noise.bin': randomBytes(2_000_000) } }]);
    await expect(mirror.refresh(never)).rejects.toMatchObject({
      code: 'limit_exceeded',
      message: expect.stringContaining('limits.mirror_bytes'),
    });
    expect((await mirror.refs()).size).toBe(0);
    expect(await readdir(join(mirror.gitDir, 'objects', 'pack'))).toEqual([]);
    await fixture.upstream.git('large', 'update-ref', 'refs/heads/main', 'main~1');
    await mirror.refresh(never);
    expect(await mirror.refs()).toEqual(await fixture.upstream.refs('large'));
  });

  test('takes no object that would attack a client', async () => {
    const { upstream } = fixture;
    await upstream.addRepo('hostile');
    const blob = await upstream.git('hostile', 'rev-parse', 'main:README.md');
    const entry = Buffer.concat([Buffer.from('100644 .git\0'), Buffer.from(blob, 'hex')]);
    const at = { env: { GIT_DIR: upstream.repoPath('hostile') }, input: entry };
    const tree = (
      await output('git', ['hash-object', '-t', 'tree', '-w', '--literally', '--stdin'], at)
    ).trim();
    await upstream.git(
      'hostile',
      '-c',
      'user.name=a',
      '-c',
      'user.email=a@b',
      'update-ref',
      'refs/heads/evil',
      await upstream.git('hostile', 'commit-tree', '-m', 'evil', tree),
    );
    const mirror = await fixture.mirror('hostile');
    await expect(mirror.refresh(never)).rejects.toEqual(failed('hasDotgit'));
    expect((await mirror.refs()).has('refs/heads/evil')).toBe(false);
  });

  test('takes an old history with harmless faults', async () => {
    const { upstream } = fixture;
    await upstream.addRepo('old');
    const tree = await upstream.git('old', 'rev-parse', 'main^{tree}');
    const text = `tree ${tree}\nauthor Old <old@example.com> 1100000000 +051800\ncommitter Old<old@example.com> 1100000000 +0000\n\nold\n`;
    const at = { env: { GIT_DIR: upstream.repoPath('old') }, input: text };
    const commit = await output('git', ['hash-object', '-t', 'commit', '-w', '--literally', '--stdin'], at);
    await upstream.git('old', 'update-ref', 'refs/heads/old', commit.trim());
    const mirror = await fixture.mirror('old');
    await mirror.refresh(never);
    expect(await mirror.refs()).toEqual(await upstream.refs('old'));
  });

  test('keeps the key for its owner only, and removes it at the end', async () => {
    const keyDir = join(fixture.folder, 'own-keys');
    const mirror = await fixture.mirror('project', {}, { keyDir, key: fixture.upstream.clientKey.trimEnd() });
    await mirror.refresh(never);
    expect((await stat(keyDir)).mode & 0o777).toBe(0o700);
    expect((await stat(join(keyDir, 'project.key'))).mode & 0o777).toBe(0o600);
    expect(await readdir(keyDir)).toContainEqual(expect.stringMatching(/\.mux$/));
    await mirror.close();
    expect(await readdir(keyDir)).toEqual([]);
    await expect(mirror.refresh(never)).rejects.toMatchObject({ code: 'git_failed' });
  });

  test('makes a new connection for a new key', async () => {
    await fixture.upstream.addRepo('rotated');
    const mirror = await fixture.mirror('rotated');
    await mirror.refresh(never);
    await mirror.setKey('nonsense');
    await expect(mirror.refresh(never)).rejects.toEqual(failed('Permission denied'));
    await mirror.setKey(fixture.upstream.clientKey);
    await mirror.refresh(never);
  });
});
