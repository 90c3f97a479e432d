import { chars, fakeSecret } from '../fake-secrets.ts';
import type { RefusedCase } from './contracts.ts';

const touch = (path: string, content = 'x\n'): RefusedCase['make'] => {
  return async (work) => void (await work.commit({ [path]: content }));
};
const protectedPath = (path: string): RefusedCase => ({
  name: `a change of ${path}`,
  code: 'push_policy_path',
  make: touch(path),
});
const withWork = [
  { message: 'first', files: { 'a.txt': 'a\n' } },
  { ref: 'refs/heads/agent/work', message: 'theirs', files: { 'b.txt': 'b\n' } },
];

const noise = (bytes: number): Buffer => Buffer.from(chars('0123456789abcdef', bytes * 2, 'big'), 'hex');

/** What the push policy does not allow where nobody can be asked. */
export const refusedPolicy: readonly RefusedCase[] = [
  {
    name: 'the default branch',
    code: 'push_policy_branch',
    make: async (work) => {
      await work.commit({ 'a.txt': 'a\n' });
      return ['HEAD:refs/heads/main'];
    },
  },
  {
    name: 'a branch outside of the allowed ones',
    code: 'push_policy_branch',
    policy: { branches: ['agent/**'] },
    make: async (work) => {
      await work.commit({ 'a.txt': 'a\n' });
      return ['HEAD:refs/heads/release/1'];
    },
  },
  {
    name: 'a branch that differs from an allowed one in case',
    code: 'push_policy_branch',
    policy: { branches: ['agent/**'] },
    make: async () => ['HEAD:refs/heads/Agent/x'],
  },
  {
    name: 'any branch where none is allowed',
    code: 'push_policy_branch',
    policy: { branches: [] },
    make: touch('a.txt'),
  },
  {
    name: 'an allowed branch together with one that is not',
    code: 'push_policy_branch',
    policy: { branches: ['agent/**'] },
    make: async (work) => {
      await work.commit({ 'a.txt': 'a\n' });
      return ['HEAD:refs/heads/agent/fine', 'HEAD:refs/heads/other'];
    },
  },
  ...['refs/notes/commits', 'refs/for/main', 'refs/pull/1/head', 'refs/meta/config', 'refs/custom/x'].map(
    (ref): RefusedCase => ({
      name: `a ref like ${ref}`,
      code: 'push_policy_branch',
      make: async () => [`HEAD:${ref}`],
    }),
  ),
  { name: 'a tag', code: 'push_policy_tag', make: async () => ['HEAD:refs/tags/v1'] },
  {
    name: 'a tag that moves',
    code: 'push_policy_force',
    policy: { tags: true },
    upstream: [
      { message: 'first', files: { 'a.txt': 'a\n' } },
      { ref: 'refs/tags/v1', message: 'tagged', files: { 'a.txt': 'a\n' } },
    ],
    make: async (work) => {
      await work.commit({ 'b.txt': 'b\n' });
      return ['--force', 'HEAD:refs/tags/v1'];
    },
  },
  {
    name: 'a tag that is deleted',
    code: 'push_policy_delete',
    policy: { tags: true },
    upstream: [
      { message: 'first', files: { 'a.txt': 'a\n' } },
      { ref: 'refs/tags/v1', message: 'tagged', files: { 'a.txt': 'a\n' } },
    ],
    make: async () => [':refs/tags/v1'],
  },
  {
    name: 'a branch that is deleted',
    code: 'push_policy_delete',
    upstream: withWork,
    make: async () => [':refs/heads/agent/work'],
  },
  {
    name: 'the default branch deleted, even where deleting is allowed',
    code: 'push_policy_delete',
    policy: { delete: true },
    make: async () => [':refs/heads/main'],
  },
  {
    name: 'a branch that is rewritten',
    code: 'push_policy_force',
    upstream: withWork,
    make: async (work) => {
      await work.commit({ 'mine.txt': 'mine\n' });
      return ['--force', 'HEAD:refs/heads/agent/work'];
    },
  },
  {
    name: 'a branch that is set back',
    code: 'push_policy_force',
    upstream: [...withWork, { ref: 'refs/heads/agent/work', message: 'more', files: { 'c.txt': 'c\n' } }],
    make: async () => ['--force', 'origin/agent/work~1:refs/heads/agent/work'],
  },
  {
    name: 'more bytes than allowed, with a length that says so',
    code: 'push_policy_size',
    // git shows no text of such an answer, only its status
    told: /HTTP 413/,
    policy: { max_bytes: 50_000 },
    make: async (work) => void (await work.commit({ 'big.bin': noise(400_000) })),
  },
  {
    name: 'more bytes than allowed, in chunks',
    code: 'push_policy_size',
    told: /push_policy_size|maximum allowed size/,
    policy: { max_bytes: 1_500_000 },
    make: async (work) => void (await work.commit({ 'big.bin': noise(4_000_000) })),
  },
  {
    name: 'a push option',
    code: 'push_option_refused',
    make: async (work) => {
      await work.commit({ 'a.txt': 'a\n' });
      return ['-o', 'ci.skip', 'HEAD:refs/heads/agent/work'];
    },
  },
  {
    name: 'everything where every push needs a human',
    code: 'push_policy_branch',
    policy: { approve: 'always' },
    make: touch('a.txt'),
  },
  ...[
    '.github/workflows/ci.yml',
    '.github/workflows/nested.yaml',
    '.GitHub/Workflows/CI.yml',
    '.gitlab-ci.yml',
    '.gitea/workflows/a.yml',
    '.forgejo/workflows/a.yml',
    '.circleci/config.yml',
    'Jenkinsfile',
    '.travis.yml',
    'azure-pipelines.yml',
    'bitbucket-pipelines.yml',
    '.gitmodules',
    '.gitattributes',
    'deep/folder/.gitattributes',
    '.githooks/pre-commit',
    '.husky/pre-commit',
  ].map(protectedPath),
  {
    name: 'a protected path in a commit that a later one takes back',
    code: 'push_policy_path',
    make: async (work) => {
      await work.commit({ '.github/workflows/ci.yml': 'on: push\n' });
      await work.git('rm', '-q', '.github/workflows/ci.yml');
      await work.git('commit', '-qm', 'take it back');
    },
  },
  {
    name: 'a protected path that is deleted',
    code: 'push_policy_path',
    upstream: [{ message: 'first', files: { '.github/workflows/ci.yml': 'on: push\n', 'a.txt': 'a\n' } }],
    make: async (work) => {
      await work.git('rm', '-q', '.github/workflows/ci.yml');
      await work.git('commit', '-qm', 'no checks');
    },
  },
  {
    name: 'a protected path that only changes in a merge',
    code: 'push_policy_path',
    make: async (work) => {
      await work.git('checkout', '-qb', 'side');
      await work.commit({ 'side.txt': 'side\n' });
      await work.git('checkout', '-q', 'agent/work');
      await work.commit({ 'work.txt': 'work\n' });
      await work.git('merge', '-q', '--no-ff', '--no-commit', 'side');
      await work.write('.github/workflows/ci.yml', 'on: push\n');
      await work.git('add', '-A');
      await work.git('commit', '-qm', 'merge');
    },
  },
  {
    name: 'an old protected file that a merge brings back',
    code: 'push_policy_path',
    upstream: [
      { message: 'weak', files: { '.github/workflows/ci.yml': 'on: pull_request_target\n', 'a.txt': '1\n' } },
      { message: 'fixed', files: { '.github/workflows/ci.yml': 'on: pull_request\n' } },
    ],
    make: async (work) => {
      await work.git('checkout', '-qb', 'side', 'origin/main~1');
      await work.commit({ 'side.txt': 'side\n' });
      await work.git('checkout', '-q', 'agent/work');
      await work.git('merge', '-q', '--no-ff', '--no-commit', 'side');
      await work.git('checkout', 'side', '--', '.github/workflows/ci.yml');
      await work.git('commit', '-qm', 'merge');
    },
  },
  {
    name: 'a protected path that becomes a symbolic link',
    code: 'push_policy_path',
    make: async (work) => {
      const blob = await work.object('blob', 'ci/workflows');
      await work.git('update-index', '--add', '--cacheinfo', `120000,${blob},.github/workflows`);
      await work.git('commit', '-qm', 'link');
    },
  },
  {
    name: 'a protected path of the operator',
    code: 'push_policy_path',
    policy: { protected_paths: ['deploy/**'] },
    make: touch('deploy/prod/main.tf'),
  },
  {
    name: 'a marked finding where nobody may be asked',
    code: 'secret_found',
    policy: { approve: 'never' },
    secret: fakeSecret('policy marked'),
    make: touch('a.ini', `token = "${fakeSecret('policy marked')}" # gitleaks:allow\n`),
  },
  {
    name: 'a protected path where nobody may be asked',
    code: 'push_policy_path',
    policy: { approve: 'never' },
    make: touch('.gitmodules', '[submodule "a"]\n\tpath = a\n\turl = ../a.git\n'),
  },
];
