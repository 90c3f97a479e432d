import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ForwardResult, Mirror, RefUpdate, RepositoryView } from '../src/contracts.ts';
import { commitAt, gitAt } from './support/bare-repo.ts';
import { createMirrorFixture, ready } from './mirror-fixture.ts';
import type { MirrorFixture } from './mirror-fixture.ts';

const never = new AbortController().signal;
const main = 'refs/heads/main';

interface Pushing {
  readonly mirror: Mirror;
  /** commits that only the quarantine has, each on top of the one before */
  readonly commits: readonly string[];
  readonly base: string;
  readonly said: string[];
  /** lets git write into the quarantine */
  readonly env: Readonly<Record<string, string>>;
  readonly push: (
    updates: readonly RefUpdate[],
    signal?: AbortSignal,
    onLine?: () => void,
  ) => Promise<readonly ForwardResult[]>;
}

describe.skipIf(!ready)('a forward', () => {
  let fixture: MirrorFixture;
  beforeAll(async () => {
    fixture = await createMirrorFixture();
  });
  afterAll(async () => await fixture.close());

  /** A repository, its mirror, and new commits in a folder that stands for receive-pack's quarantine. */
  async function pushing(name: string, count = 2): Promise<Pushing> {
    await fixture.upstream.addRepo(name);
    const mirror = await fixture.mirror(name);
    await mirror.refresh(never);
    const base = (await mirror.refs()).get(main) ?? '';
    const objects = await mkdtemp(join(mirror.workDir, 'quarantine-'));
    const store = join(mirror.gitDir, 'objects');
    const view: RepositoryView = { gitDir: mirror.gitDir, objects, alternates: [store] };
    const env = { GIT_OBJECT_DIRECTORY: objects, GIT_ALTERNATE_OBJECT_DIRECTORIES: store };
    const commits: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const args = ['commit-tree', '-p', commits.at(-1) ?? base, '-m', `change ${index}`, `${base}^{tree}`];
      commits.push((await gitAt(mirror.gitDir, args, undefined, env)).trim());
    }
    const said: string[] = [];
    return {
      mirror,
      commits,
      base,
      said,
      env,
      push: (updates, signal = never, onLine = () => {}) => {
        const onUpstreamLine = (line: string): void => {
          said.push(line);
          onLine();
        };
        return mirror.withLock(never, () => mirror.forward({ view, updates, signal, onUpstreamLine }));
      },
    };
  }

  const accepted = (...refs: string[]): ForwardResult[] => refs.map((ref) => ({ ref, outcome: 'accepted' }));
  const codes = (results: readonly ForwardResult[]): string[] =>
    results.map((result) => (result.outcome === 'accepted' ? 'accepted' : result.code));

  test('makes a branch, moves it, and deletes it', async () => {
    const { commits, push, mirror } = await pushing('branch');
    const [one = '', two = ''] = commits;
    const ref = 'refs/heads/topic';
    expect(await push([{ ref, oldOid: null, newOid: one }])).toEqual(accepted(ref));
    expect((await fixture.upstream.refs('branch')).get(ref)).toBe(one);
    expect(await push([{ ref, oldOid: one, newOid: two }])).toEqual(accepted(ref));
    expect((await fixture.upstream.refs('branch')).get(ref)).toBe(two);
    expect(await push([{ ref, oldOid: two, newOid: null }])).toEqual(accepted(ref));
    expect((await fixture.upstream.refs('branch')).has(ref)).toBe(false);
    expect(mirror.isFresh(60_000)).toBe(true);
  });

  test('pushes an annotated tag', async () => {
    const { commits, push, mirror, env } = await pushing('tag');
    const ref = 'refs/tags/v1';
    const text = `object ${commits[0]}\ntype commit\ntag v1\ntagger A <a@example.com> 1700000000 +0000\n\nfirst\n`;
    const tag = (await gitAt(mirror.gitDir, ['mktag'], text, env)).trim();
    expect(await push([{ ref, oldOid: null, newOid: tag }])).toEqual(accepted(ref));
    await mirror.refresh(never);
    expect((await mirror.refs()).get(ref)).toBe(tag);
  });

  test('rewrites a branch that is what the lease says', async () => {
    const { commits, push, base } = await pushing('rewrite');
    const [one = ''] = commits;
    await push([{ ref: main, oldOid: base, newOid: one }]);
    expect(await push([{ ref: main, oldOid: one, newOid: base }])).toEqual(accepted(main));
    expect((await fixture.upstream.refs('rewrite')).get(main)).toBe(base);
  });

  test.each([
    [
      'moved',
      async (name: string) => await commitAt(fixture.upstream.repoPath(name), [{ files: { x: 'y' } }]),
    ],
    ['went away', async (name: string) => await fixture.upstream.git(name, 'update-ref', '-d', main)],
  ])('never overwrites a branch that %s meanwhile', async (what, meddle) => {
    const name = `stale-${what.length}`;
    const { commits, push, base, mirror } = await pushing(name);
    await meddle(name);
    const before = await fixture.upstream.refs(name);
    expect(codes(await push([{ ref: main, oldOid: base, newOid: commits[0] ?? '' }]))).toEqual(['stale_ref']);
    expect(await fixture.upstream.refs(name)).toEqual(before);
    expect(mirror.isFresh(60_000)).toBe(false);
  });

  test('never overwrites a branch that somebody else has made meanwhile', async () => {
    const { commits, push, base } = await pushing('taken');
    await fixture.upstream.git('taken', 'branch', 'topic', base);
    const ref = 'refs/heads/topic';
    expect(codes(await push([{ ref, oldOid: null, newOid: commits[0] ?? '' }]))).toEqual(['stale_ref']);
    expect((await fixture.upstream.refs('taken')).get(ref)).toBe(base);
  });

  test('never overwrites a branch that moves after the upstream has told its refs', async () => {
    const { commits, push, base } = await pushing('raced');
    // the hook stands for somebody who is faster than the update itself
    await fixture.upstream.setHook(
      'raced',
      'pre-receive',
      '#!/bin/sh\nunset GIT_QUARANTINE_PATH\ngit update-ref refs/heads/main $(git commit-tree -m x main^{tree})\n',
    );
    const [result] = await push([{ ref: main, oldOid: base, newOid: commits[0] ?? '' }]);
    expect(result).toMatchObject({ outcome: 'refused' });
    expect((await fixture.upstream.refs('raced')).get(main)).not.toBe(commits[0]);
  });

  test('moves all refs or none', async () => {
    const { commits, push, base, mirror } = await pushing('atomic');
    const [one = '', two = ''] = commits;
    const a = { ref: 'refs/heads/a', oldOid: null, newOid: one };
    const b = { ref: 'refs/heads/b', oldOid: null, newOid: two };
    expect(await push([a, b])).toEqual(accepted(a.ref, b.ref));
    await commitAt(fixture.upstream.repoPath('atomic'), [{ files: { x: 'y' } }]);
    const before = await fixture.upstream.refs('atomic');
    const next = [
      { ...a, oldOid: one, newOid: two },
      { ref: main, oldOid: base, newOid: one },
    ];
    expect(codes(await push(next))).toEqual(['stale_ref', 'stale_ref']);
    expect(await fixture.upstream.refs('atomic')).toEqual(before);
    expect(mirror.isFresh(60_000)).toBe(false);
  });

  test('moves no ref when a hook of the upstream refuses one of them', async () => {
    const { commits, push } = await pushing('atomic-hook');
    await fixture.upstream.setHook('atomic-hook', 'update', '#!/bin/sh\n[ "$1" != refs/heads/b ]\n');
    const before = await fixture.upstream.refs('atomic-hook');
    const refs = ['refs/heads/a', 'refs/heads/b'];
    const results = await push(refs.map((ref) => ({ ref, oldOid: null, newOid: commits[0] ?? '' })));
    expect(codes(results)).toEqual(['upstream_rejected', 'upstream_rejected']);
    expect(results[1]).toMatchObject({ why: expect.stringContaining('hook declined') });
    expect(await fixture.upstream.refs('atomic-hook')).toEqual(before);
  });

  test('goes one ref at a time where the upstream is not atomic, up to the first refusal', async () => {
    const { commits, push } = await pushing('plain');
    await fixture.upstream.git('plain', 'config', 'receive.advertiseAtomic', 'false');
    await fixture.upstream.setHook('plain', 'update', '#!/bin/sh\n[ "$1" != refs/heads/b ]\n');
    const refs = ['refs/heads/a', 'refs/heads/b', 'refs/heads/c'];
    const results = await push(refs.map((ref) => ({ ref, oldOid: null, newOid: commits[0] ?? '' })));
    expect(codes(results)).toEqual(['accepted', 'upstream_rejected', 'upstream_rejected']);
    expect([...(await fixture.upstream.refs('plain')).keys()]).toEqual(['refs/heads/a', main]);
  });

  test('tells what the upstream says, with nothing that a terminal would act on', async () => {
    const { commits, push, said } = await pushing('talking');
    const hook = String.raw`#!/bin/sh
printf 'go \033]0;owned\007 away \342\200\256\n' >&2
i=0; while [ $i -lt 500 ]; do echo "line $i" >&2; i=$((i+1)); done
exit 1
`;
    await fixture.upstream.setHook('talking', 'pre-receive', hook);
    const [result] = await push([{ ref: 'refs/heads/a', oldOid: null, newOid: commits[0] ?? '' }]);
    expect(result).toMatchObject({
      code: 'upstream_rejected',
      why: expect.stringContaining('pre-receive hook'),
    });
    expect(said[0]).toBe(String.raw`go \u{1b}]0;owned\u{7} away \u{202e}`);
    expect(said[1]).toBe('line 0');
    expect(said).toHaveLength(200);
  });

  test('does not know the outcome when the connection ends in the middle; the next refresh does', async () => {
    const { commits, push, mirror } = await pushing('killed');
    const [one = ''] = commits;
    const ref = 'refs/heads/a';
    // the ref has moved when post-receive runs, and the report is never sent
    await fixture.upstream.setHook('killed', 'post-receive', '#!/bin/sh\nkill -9 $PPID\n');
    await expect(push([{ ref, oldOid: null, newOid: one }])).rejects.toMatchObject({ code: 'git_failed' });
    expect(mirror.isFresh(60_000)).toBe(false);
    expect((await mirror.refs()).has(ref)).toBe(false);
    await mirror.refresh(never);
    expect((await mirror.refs()).get(ref)).toBe(one);
  });

  test('ends with the signal', async () => {
    const { commits, push } = await pushing('hanging');
    const controller = new AbortController();
    await fixture.upstream.setHook('hanging', 'pre-receive', '#!/bin/sh\necho here >&2\nexec sleep 600\n');
    const update = { ref: 'refs/heads/a', oldOid: null, newOid: commits[0] ?? '' };
    const hanging = push([update], controller.signal, () => controller.abort());
    await expect(hanging).rejects.toMatchObject({ code: 'git_failed' });
  });

  test('reads the key when it connects: none, no push', async () => {
    const { commits, push, mirror } = await pushing('keyless');
    await mirror.setKey(null);
    const update = { ref: 'refs/heads/a', oldOid: null, newOid: commits[0] ?? '' };
    await expect(push([update])).rejects.toMatchObject({ code: 'refresh_failed' });
    await mirror.setKey(fixture.upstream.clientKey);
    expect(await push([update])).toEqual(accepted(update.ref));
  });

  test('refuses more refs than fit into one command line', async () => {
    const { commits, push } = await pushing('many');
    const ref = `refs/heads/${'x'.repeat(200)}`;
    const updates = Array.from({ length: 4000 }, (_, n) => ({
      ref: `${ref}${n}`,
      oldOid: null,
      newOid: commits[0] ?? '',
    }));
    await expect(push(updates)).rejects.toMatchObject({ code: 'limit_exceeded' });
  });
});
