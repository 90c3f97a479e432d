import { ProtocolRefusal } from '@bot-bottle/sidecar-protocol';
import { describe, expect, onTestFinished, test } from 'vitest';
import { proposalIdOf, pushFixture } from './push-fixture.ts';
import type { FixtureOptions, PushFixture } from './push-fixture.ts';
import type { Finished } from './support/run-program.ts';
import { sshd } from './support/sshd.ts';

interface Held extends PushFixture {
  readonly pushing: Promise<Finished>;
  readonly oid: string;
  readonly push: () => Promise<Finished>;
}

/** A push to `topic` that waits for a human. */
async function held(options: FixtureOptions = {}): Promise<Held> {
  const fixture = await pushFixture({ supervise: true, push: { approve: 'always' }, ...options });
  onTestFinished(async () => await fixture.close());
  const oid = await fixture.client.commit('repo', { 'a.txt': 'one\n' });
  const push = () => fixture.client.git('-C', 'repo', 'push', 'origin', 'HEAD:refs/heads/topic');
  const pushing = push();
  await fixture.proposed(1);
  return { ...fixture, pushing, oid, push };
}

const approved = (index = 0) =>
  ({ proposal: proposalIdOf(index), outcome: 'approved', reason: 'fine' }) as const;

describe.skipIf(sshd === null)('a held push', () => {
  test('shows a human what it is about', async () => {
    const { proposals, server, pushing, oid } = await held();
    expect(proposals[0]).toMatchObject({
      kind: 'push-approval',
      repo: 'project',
      refs: [
        { ref: 'refs/heads/topic', old_oid: null, new_oid: oid, fast_forward: true, default_branch: false },
      ],
      commits: [{ oid, summary: 'a commit' }],
      commit_count: 1,
    });
    await server.decide(approved());
    await pushing;
  });

  test('that somebody brought to the upstream meanwhile counts as forwarded, for the client too', async () => {
    const { client, upstream, server, pushing, oid } = await held();
    await client.must('-C', 'repo', 'push', '-q', upstream.repoPath('project'), 'HEAD:refs/heads/topic');
    await server.decide(approved());
    const { code, stderr } = await pushing;
    expect(stderr).toContain('* [new branch]');
    expect(code).toBe(0);
    const listed = await client.must('-C', 'repo', 'ls-remote', 'origin', 'refs/heads/topic');
    expect(listed).toContain(oid);
  });

  test('two clients of the same push both hear of its success', async () => {
    const { server, pushing, push, logs } = await held();
    const joined = push();
    await expect
      .poll(() => logs.some(({ event }) => event === 'push_joined'), { timeout: 10_000 })
      .toBe(true);
    await server.decide(approved());
    for (const { code, stderr } of [await pushing, await joined]) {
      expect(code, stderr).toBe(0);
      expect(stderr).toContain('* [new branch]');
    }
  });

  test('is approved for what was shown, not for more', async () => {
    const { upstream, server, oid, pushing } = await held();
    await upstream.git('project', 'symbolic-ref', 'HEAD', 'refs/heads/topic');
    await upstream.git('project', 'update-ref', 'refs/heads/topic', 'refs/heads/main');
    await expect(server.decide(approved())).rejects.toThrow(/stale_ref/);
    await upstream.git('project', 'update-ref', '-d', 'refs/heads/topic');
    await server.decide({ ...approved(), outcome: 'rejected' });
    expect((await pushing).stderr).toContain('approval_rejected: a human rejected this push: fine');
    expect([...(await upstream.refs('project')).values()]).not.toContain(oid);
  });

  test('a branch that became the default one since needs to be asked for anew', async () => {
    const { upstream, server, client, proposals } = await held();
    await client.must('-C', 'repo', 'checkout', '-q', '-b', 'next', 'origin/main');
    await upstream.git('project', 'update-ref', 'refs/heads/next', 'refs/heads/main');
    await client.commit('repo', { 'b.txt': 'two\n' });
    const pushing = client.git('-C', 'repo', 'push', 'origin', 'HEAD:refs/heads/next');
    await expect.poll(() => proposals.length, { timeout: 10_000 }).toBe(2);
    await upstream.git('project', 'symbolic-ref', 'HEAD', 'refs/heads/next');
    await expect(server.decide(approved(1))).rejects.toThrow(/more has to be approved now/);
    await server.decide({ ...approved(1), outcome: 'rejected' });
    await server.decide(approved(0));
    expect((await pushing).code).not.toBe(0);
  });

  test('a decision that overtakes the answer finds its push', async () => {
    const answer = Promise.withResolvers<{ id: string }>();
    const { server, pushing } = await held({ propose: () => answer.promise });
    const deciding = server.decide(approved());
    answer.resolve({ id: proposalIdOf(0) });
    await deciding;
    expect((await pushing).code).toBe(0);
  });

  test('that nobody takes is refused with the reason, and nothing of it is kept', async () => {
    const { pushing, server } = await held({
      propose: () => Promise.reject(new ProtocolRefusal('the queue is \u001b[31mfull')),
    });
    const { code, stderr } = await pushing;
    expect(code).not.toBe(0);
    expect(stderr).toContain('too_many_proposals: a human cannot be asked: the queue is \\u{1b}[31mfull');
    await expect(server.decide(approved())).rejects.toThrow(/no push is held/);
  });

  test('outlasts the patience of its client, who is not cut for being idle', async () => {
    const { pushing, server, upstream, oid } = await held({ limits: { hold_seconds: 3, idle_seconds: 1 } });
    const { code, stderr } = await pushing;
    expect(code).not.toBe(0);
    expect(stderr).toContain('it will be forwarded when a human approves; do not push again');
    await server.decide(approved());
    expect((await upstream.refs('project')).get('refs/heads/topic')).toBe(oid);
  });

  test('cannot be decided twice at the same time', async () => {
    const { server, pushing } = await held();
    const both = await Promise.allSettled([server.decide(approved()), server.decide(approved())]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect((await pushing).code).toBe(0);
  });

  test('is dropped when the gate stops, and its client is told', async () => {
    const { server, pushing, upstream } = await held();
    await server.close();
    const { code, stderr } = await pushing;
    expect(code).not.toBe(0);
    expect(stderr).toContain('shutting_down');
    expect((await upstream.refs('project')).size).toBe(1);
    await expect(server.decide(approved())).rejects.toThrow(/no push is held/);
  });
});
