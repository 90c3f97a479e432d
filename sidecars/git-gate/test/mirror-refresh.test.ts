import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commitAt, gitAt } from './support/bare-repo.ts';
import { createMirrorFixture, ready } from './mirror-fixture.ts';
import type { MirrorFixture } from './mirror-fixture.ts';

const never = new AbortController().signal;
const list = 'git-upload-pack';

describe.skipIf(!ready)('a refresh', () => {
  let fixture: MirrorFixture;
  beforeAll(async () => {
    fixture = await createMirrorFixture();
  });
  afterAll(async () => await fixture.close());

  test('brings branches, tags and the default branch', async () => {
    const { upstream } = fixture;
    await upstream.addRepo('first', { defaultBranch: 'trunk' });
    await upstream.git('first', 'branch', 'topic', 'trunk');
    await upstream.git('first', 'tag', '-a', '-m', 'a tag', 'v1', 'trunk');
    await upstream.git('first', 'tag', 'light', 'trunk');
    const mirror = await fixture.mirror('first');
    expect([(await mirror.refs()).size, mirror.defaultBranch(), mirror.isFresh(60_000)]).toEqual([
      0,
      null,
      false,
    ]);
    await mirror.refresh(never);
    expect(await mirror.refs()).toEqual(await upstream.refs('first'));
    expect([...(await mirror.refs()).keys()]).toEqual([
      'refs/heads/topic',
      'refs/heads/trunk',
      'refs/tags/light',
      'refs/tags/v1',
    ]);
    expect(mirror.defaultBranch()).toBe('refs/heads/trunk');
    expect(mirror.isFresh(60_000)).toBe(true);
    expect((await gitAt(mirror.gitDir, ['symbolic-ref', 'HEAD'])).trim()).toBe('refs/heads/trunk');
  });

  test('runs one command when nothing has changed, two when something has, over one connection', async () => {
    const { upstream } = fixture;
    await upstream.addRepo('quiet');
    const mirror = await fixture.mirror('quiet');
    const before = upstream.connections();
    await mirror.refresh(never);
    await fixture.newCommands();
    await mirror.refresh(never);
    expect(await fixture.newCommands()).toEqual([list]);
    await commitAt(upstream.repoPath('quiet'), [{ files: { a: 'b' } }]);
    await mirror.refresh(never);
    expect(await fixture.newCommands()).toEqual([list, list]);
    expect(await mirror.refs()).toEqual(await upstream.refs('quiet'));
    expect(upstream.connections() - before).toBe(1);
  });

  test('forgets what the upstream has deleted', async () => {
    const { upstream } = fixture;
    await upstream.addRepo('pruned');
    await upstream.git('pruned', 'branch', 'gone', 'main');
    await upstream.git('pruned', 'tag', 'gone', 'main');
    const mirror = await fixture.mirror('pruned');
    await mirror.refresh(never);
    expect((await mirror.refs()).size).toBe(3);
    await upstream.git('pruned', 'branch', '-D', 'gone');
    await upstream.git('pruned', 'tag', '-d', 'gone');
    await mirror.refresh(never);
    expect([...(await mirror.refs()).keys()]).toEqual(['refs/heads/main']);
  });

  test.each([
    ['a file became a folder', 'topic', 'topic/part'],
    ['a folder became a file', 'topic/part', 'topic'],
  ])('follows a renamed branch: %s', async (title, from, to) => {
    const { upstream } = fixture;
    const name = `renamed-${from.length}`;
    await upstream.addRepo(name);
    await upstream.git(name, 'branch', from, 'main');
    const mirror = await fixture.mirror(name);
    await mirror.refresh(never);
    await upstream.git(name, 'branch', '-D', from);
    await upstream.git(name, 'branch', to, 'main');
    await mirror.refresh(never);
    expect(await mirror.refs(), title).toEqual(await upstream.refs(name));
  });

  test('follows a rewritten branch and a moved tag', async () => {
    const { upstream } = fixture;
    await upstream.addRepo('forced', { commits: [{ files: { a: '1' } }, { files: { a: '2' } }] });
    await upstream.git('forced', 'tag', 'moving', 'main');
    const mirror = await fixture.mirror('forced');
    await mirror.refresh(never);
    await upstream.git('forced', 'update-ref', 'refs/heads/main', 'main~1');
    await upstream.git('forced', 'tag', '-f', 'moving', 'main');
    await mirror.refresh(never);
    expect(await mirror.refs()).toEqual(await upstream.refs('forced'));
  });

  test('follows a change of the default branch alone', async () => {
    const { upstream } = fixture;
    await upstream.addRepo('default');
    await upstream.git('default', 'branch', 'next', 'main');
    const mirror = await fixture.mirror('default');
    await mirror.refresh(never);
    await upstream.git('default', 'symbolic-ref', 'HEAD', 'refs/heads/next');
    await mirror.refresh(never);
    expect(mirror.defaultBranch()).toBe('refs/heads/next');
    expect((await gitAt(mirror.gitDir, ['symbolic-ref', 'HEAD'])).trim()).toBe('refs/heads/next');
  });

  test('has no default branch while the HEAD of the upstream is detached', async () => {
    const { upstream } = fixture;
    await upstream.addRepo('detached');
    await upstream.git('detached', 'update-ref', '--no-deref', 'HEAD', 'main');
    const mirror = await fixture.mirror('detached');
    await mirror.refresh(never);
    expect(mirror.defaultBranch()).toBeNull();
    expect(await mirror.refs()).toEqual(await upstream.refs('detached'));
  });

  test('leaves out refs that are neither branches nor tags, also where a name only ends like one', async () => {
    const { upstream } = fixture;
    await upstream.addRepo('others');
    for (const ref of [
      'refs/pull/1/head',
      'refs/notes/n',
      'refs/x/refs/heads/y',
      'refs/x/HEAD',
      'refs/replace/z',
    ]) {
      await upstream.git('others', 'update-ref', ref, 'main');
    }
    const mirror = await fixture.mirror('others');
    await mirror.refresh(never);
    expect([...(await mirror.refs()).keys()]).toEqual(['refs/heads/main']);
    expect((await gitAt(mirror.gitDir, ['for-each-ref'])).trim().split('\n')).toHaveLength(1);
    await fixture.newCommands();
    await mirror.refresh(never);
    expect(await fixture.newCommands()).toEqual([list]);
  });

  test('works for an empty upstream, and when its first commit comes', async () => {
    const { upstream } = fixture;
    await upstream.addRepo('empty', { commits: [] });
    const mirror = await fixture.mirror('empty');
    await mirror.refresh(never);
    expect([(await mirror.refs()).size, mirror.defaultBranch()]).toEqual([0, null]);
    await commitAt(upstream.repoPath('empty'), [{ files: { a: 'b' } }]);
    await mirror.refresh(never);
    expect(mirror.defaultBranch()).toBe('refs/heads/main');
    expect(await mirror.refs()).toEqual(await upstream.refs('empty'));
  });

  test('takes SHA-256 upstreams, also one that was empty before', async () => {
    const { upstream } = fixture;
    await upstream.addRepo('wide', { objectFormat: 'sha256', commits: [] });
    const mirror = await fixture.mirror('wide');
    await mirror.refresh(never);
    await commitAt(upstream.repoPath('wide'), [{ files: { a: 'b' } }]);
    await mirror.refresh(never);
    expect(await mirror.refs()).toEqual(await upstream.refs('wide'));
    expect((await mirror.refs()).get('refs/heads/main')).toHaveLength(64);
  });

  test('keeps branches apart whose names are not UTF-8', async () => {
    const { upstream } = fixture;
    await upstream.addRepo('bytes', { commits: [{ files: { a: '1' } }, { files: { a: '2' } }] });
    const update = async (last: number, to: string): Promise<void> => {
      const oid = await upstream.git('bytes', 'rev-parse', to);
      const input = Buffer.concat([
        Buffer.from('update refs/heads/b'),
        Buffer.from([last]),
        Buffer.from(` ${oid}\n`),
      ]);
      await gitAt(upstream.repoPath('bytes'), ['update-ref', '--stdin'], input);
    };
    await update(0xe9, 'main');
    await update(0xe8, 'main');
    const mirror = await fixture.mirror('bytes');
    await mirror.refresh(never);
    // the one that comes first: read as UTF-8 both names are one, and the second would hide it
    await update(0xe8, 'main~1');
    await mirror.refresh(never);
    const tips = ['for-each-ref', '--format=%(objectname)'];
    expect(await gitAt(mirror.gitDir, tips)).toBe(await gitAt(upstream.repoPath('bytes'), tips));
  });
});
