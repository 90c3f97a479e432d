import { gateRepoSchema, gateRepos, policyLabel, upstreamLabel } from '@bot-bottle/git-gate';
import { manifestFromObject } from '@bot-bottle/manifest';
import { expect, it } from 'vitest';
import { defaultPolicy } from './policy-samples.ts';

const declared = (repos: object) =>
  manifestFromObject({ bottles: { b: { 'git-gate': { repos } } } }).bottle('b').gitGate.repos;
const repo = (url: string, more: object = {}) => ({ url, identity: '/home/me/.ssh/id', ...more });

it('repositories become entries that the gate accepts, and each slot knows whose key it holds', () => {
  const { repos, keySlots } = gateRepos(
    declared({
      zeta: repo('ssh://git@h.test/z.git', { push: { branches: ['agent/**'], max_bytes: '1KiB' } }),
      alpha: repo('ssh://git@[fd00::1]:2222/a.git'),
    }),
  );
  expect(repos.map((one) => gateRepoSchema.parse(one))).toEqual(repos);
  expect(repos.map(({ name, key_slot: slot }) => [name, slot])).toEqual([
    ['alpha', 'GIT_GATE_KEY_0'],
    ['zeta', 'GIT_GATE_KEY_1'],
  ]);
  expect(repos[1]?.push).toEqual({ ...defaultPolicy, branches: ['agent/**'], max_bytes: 1024 });
  expect(Object.entries(keySlots).map(([slot, { name }]) => [slot, name])).toEqual([
    ['GIT_GATE_KEY_0', 'alpha'],
    ['GIT_GATE_KEY_1', 'zeta'],
  ]);
  expect(repos.map(upstreamLabel)).toEqual(['[fd00::1]:2222/a.git', 'h.test:22/z.git']);
});

it('slots do not depend on the order of the manifest', () => {
  const one = repo('ssh://git@h.test/a');
  const two = repo('ssh://git@h.test/b');
  expect(gateRepos(declared({ a: one, b: two }))).toEqual(gateRepos(declared({ b: two, a: one })));
});

it.each([
  [{}, 'all branches, no force, no delete, no tags'],
  [{ branches: ['agent/**'], force: true }, 'branches agent/**, force, no delete, no tags'],
  [{ branches: [], tags: true, delete: true }, 'no branches, no force, delete, tags'],
  [
    { protect_default: false, protected_paths: [], approve: 'never' as const },
    'all branches, default branch without approval, no force, no delete, no tags, no protected paths, nobody is asked',
  ],
  [
    { protected_paths: ['x'], approve: 'always' as const },
    'all branches, no force, no delete, no tags, own protected paths, approve every push',
  ],
])('the policy %j reads: %s', (policy, label) => {
  expect(policyLabel({ ...defaultPolicy, ...policy })).toBe(label);
});
