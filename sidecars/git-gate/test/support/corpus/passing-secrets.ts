import { fakeSecret } from '../fake-secrets.ts';
import type { PassingCase } from './contracts.ts';

/** Made-up credentials that upstream already has, in the ways that they come by again. */
const secret = fakeSecret('fixture of upstream');
const fixture = `# for tests\ntoken = "${secret}"\nuser = "somebody"\n${'# more\n'.repeat(20)}`;
const upstream = [{ message: 'first', files: { 'test/fixture.ini': fixture, 'a.txt': 'a\n' } }];

export const passingSecrets: readonly PassingCase[] = [
  {
    name: 'a fixture of upstream, changed on another line',
    upstream,
    make: async (work) =>
      void (await work.commit({ 'test/fixture.ini': fixture.replace('somebody', 'everybody') })),
  },
  {
    name: 'a fixture of upstream, moved within its file',
    upstream,
    make: async (work) =>
      void (await work.commit({ 'test/fixture.ini': `${'# above\n'.repeat(5)}${fixture}` })),
  },
  {
    name: 'a fixture of upstream, renamed',
    upstream,
    make: async (work) => {
      await work.git('mv', 'test/fixture.ini', 'test/sample.ini');
      await work.git('commit', '-qm', 'rename');
    },
  },
  {
    name: 'a fixture of upstream, renamed and changed',
    upstream,
    make: async (work) => {
      await work.git('mv', 'test/fixture.ini', 'test/sample.ini');
      await work.write('test/sample.ini', `${fixture}# one more line\n`);
      await work.git('commit', '-qam', 'rename');
    },
  },
  {
    name: 'a fixture of upstream, copied',
    upstream,
    make: async (work) => void (await work.commit({ 'test/other.ini': fixture })),
  },
  {
    name: 'a fixture of upstream that was removed there and comes back',
    upstream: [...upstream, { message: 'remove', files: { 'test/fixture.ini': null } }],
    make: async (work) => void (await work.git('revert', '--no-edit', 'HEAD')),
  },
  {
    name: 'a fixture of upstream that was removed there and comes back changed',
    upstream: [...upstream, { message: 'remove', files: { 'test/fixture.ini': null } }],
    make: async (work) => void (await work.commit({ 'test/fixture.ini': `${fixture}# again\n` })),
  },
  {
    name: 'a fixture of another upstream branch, picked',
    upstream: [
      { message: 'first', files: { 'a.txt': 'a\n' } },
      { ref: 'refs/heads/feature', message: 'fixture', files: { 'test/fixture.ini': fixture } },
    ],
    make: async (work) => {
      await work.git('cherry-pick', 'origin/feature');
    },
  },
  {
    name: 'a new branch on top of history with a fixture',
    upstream,
    make: async (work) => void (await work.commit({ 'b.txt': 'b\n' })),
  },
  {
    name: 'a rewritten history whose fixture is already upstream',
    upstream,
    make: async (work) => {
      await work.git('checkout', '-q', '--orphan', 'agent/again');
      await work.git('commit', '-qm', 'everything again');
    },
  },
  {
    name: 'a merge of an upstream branch with a fixture',
    upstream: [
      { message: 'first', files: { 'a.txt': 'a\n' } },
      { ref: 'refs/heads/agent/theirs', message: 'theirs', files: { 'b.txt': 'b\n' } },
      { message: 'second', files: { 'test/fixture.ini': fixture } },
    ],
    make: async (work) => {
      await work.git('checkout', '-q', '-B', 'agent/work', 'origin/agent/theirs');
      await work.git('merge', '-q', '--allow-unrelated-histories', '-m', 'merge main', 'origin/main');
    },
  },
];
