import { describe, expect, test } from 'vitest';
import { commitAt } from './support/bare-repo.ts';
import { useScenes } from './support/scene.ts';
import type { Scene } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

const ci = '.github/workflows/ci.yml';

/** main and release have the CI of today; somebody's unreviewed branch, built on release, has another. */
const commits = [
  { message: 'old', files: { [ci]: 'on: pull_request_target # old hole\n', 'build.sh': 'true\n' } },
  { message: 'fixed', files: { [ci]: 'on: push\n' } },
];

describe.skipIf(sshd === null)(
  'protected paths of a ref that gets commits which the upstream has already',
  () => {
    const scenes = useScenes();

    async function ready(): Promise<Scene & { expectRefused: (push: string) => Promise<void> }> {
      const scene = await scenes.open({ repos: [{ name: 'project', at: { commits } }] });
      const { client, sshUrl, upstream, at, refs } = scene;
      await upstream.git(at(), 'branch', 'release', 'main');
      await upstream.git(at(), 'branch', 'dev', 'main');
      await commitAt(upstream.repoPath(at()), [
        { ref: 'refs/heads/dev', message: 'try', files: { [ci]: 'on: push # unreviewed\n' } },
      ]);
      await client.must('clone', '-q', sshUrl(), 'repo');
      return {
        ...scene,
        expectRefused: async (push) => {
          const before = await refs();
          const { stderr } = await client.git('-C', 'repo', 'push', 'origin', push);
          expect(stderr).toContain('push_policy_path');
          expect(await refs()).toEqual(before);
        },
      };
    }

    test('a branch is moved to the commit of another branch, whose CI is another', async () => {
      const { expectRefused } = await ready();
      await expectRefused('origin/dev:refs/heads/release');
    });

    test('a merge brings back the old CI, first hidden below a later merge on another branch', async () => {
      const { client, expectRefused } = await ready();
      const git = (...args: string[]): Promise<string> => client.must('-C', 'repo', ...args);
      await git('checkout', '-q', '-B', 'w', 'origin/main');
      await client.commit('repo', { 'build.sh': 'curl evil\n' }, 'mine');
      const mine = await git('rev-parse', 'HEAD');
      const old = await git('rev-parse', 'origin/main~1');
      await git('checkout', '-q', old, '--', ci);
      const evil = await git('commit-tree', await git('write-tree'), '-p', mine, '-p', old, '-m', 'evil');
      await expectRefused(`${evil}:refs/heads/release`);
      const cover = await git('commit-tree', `${mine}^{tree}`, '-p', evil, '-p', mine, '-m', 'cover');
      await git('push', '-q', 'origin', `${cover}:refs/heads/agent/harmless`);
      await expectRefused(`${evil}:refs/heads/release`);
    });

    test('a new branch on an old commit with the old CI and a script of the agent', async () => {
      const { client, expectRefused } = await ready();
      await client.must('-C', 'repo', 'checkout', '-q', '-B', 'w', 'origin/main~1');
      await client.commit('repo', { 'build.sh': 'curl evil\n' }, 'mine');
      await expectRefused('HEAD:refs/heads/agent/old');
      await client.must('-C', 'repo', 'merge', '-q', '-m', 'merge', 'origin/main');
      await client.must('-C', 'repo', 'push', '-q', 'origin', 'HEAD:refs/heads/agent/old');
    });
  },
);
