import type { PassingCase } from './contracts.ts';

const two = [
  { message: 'first', files: { 'a.txt': 'a\n', 'run.sh': '#!/bin/sh\n' } },
  { message: 'second', files: { 'b.txt': 'b\n' } },
];
const withWork = [
  { message: 'first', files: { 'a.txt': 'a\n' } },
  { ref: 'refs/heads/agent/theirs', message: 'theirs', files: { 'b.txt': 'b\n' } },
];
const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

/** Histories and refs as people make them every day. */
export const passingHistory: readonly PassingCase[] = [
  { name: 'a branch at a commit of upstream', make: async () => ['HEAD:refs/heads/agent/same'] },
  { name: 'nothing new', unchanged: true, make: async () => ['origin/main:refs/heads/main'] },
  {
    name: 'a rename',
    upstream: two,
    make: async (work) => {
      await work.git('mv', 'a.txt', 'c.txt');
      await work.git('commit', '-qm', 'rename');
    },
  },
  {
    name: 'the executable bit',
    upstream: two,
    make: async (work) => {
      await work.git('update-index', '--chmod=+x', 'run.sh');
      await work.git('commit', '-qm', 'executable');
    },
  },
  {
    name: 'a symbolic link',
    make: async (work) => {
      const blob = await work.object('blob', 'README.md');
      await work.git('update-index', '--add', '--cacheinfo', `120000,${blob},link`);
      await work.git('commit', '-qm', 'link');
    },
  },
  {
    name: 'a merge of the upstream default branch',
    upstream: [
      { message: 'first', files: { 'a.txt': 'a\n' } },
      { message: 'workflow', files: { '.github/workflows/ci.yml': 'on: push\n' } },
    ],
    make: async (work) => {
      await work.git('checkout', '-q', '-B', 'agent/work', 'origin/main~1');
      await work.commit({ 'work.txt': 'work\n' });
      await work.git('merge', '-q', '-m', 'merge main', 'origin/main');
    },
  },
  {
    name: 'a revert',
    upstream: two,
    make: async (work) => void (await work.git('revert', '--no-edit', 'HEAD')),
  },
  {
    name: 'an empty commit',
    make: async (work) => void (await work.git('commit', '-q', '--allow-empty', '-m', 'empty')),
  },
  {
    name: 'an empty message',
    make: async (work) =>
      void (await work.git('commit', '-q', '--allow-empty', '--allow-empty-message', '-m', '')),
  },
  {
    name: 'a commit of 2,000 files',
    make: async (work) =>
      void (await work.commit(
        Object.fromEntries(
          range(2000).map((index) => [`src/${index % 40}/file-${index}.txt`, `file ${index}\n`]),
        ),
      )),
  },
  {
    name: '200 small commits',
    make: async (work) => {
      const head = await work.git('rev-parse', 'HEAD');
      const stream = range(200)
        .map(
          (index) =>
            `commit refs/heads/agent/work\ncommitter Agent <agent@example.com> ${1_700_000_000 + index} +0000\ndata 6\nsmall\n${
              index === 0 ? `from ${head}\n` : ''
            }M 100644 inline n.txt\ndata ${String(index).length}\n${index}\n\n`,
        )
        .join('');
      await work.feed(stream, 'fast-import', '--quiet', '--force');
      return ['refs/heads/agent/work'];
    },
  },
  {
    name: 'a name that is not UTF-8',
    make: async (work) => {
      const blob = await work.object('blob', 'x\n');
      const entry = Buffer.concat([
        Buffer.from('100644 caf'),
        Buffer.from([0xe9]),
        Buffer.from('.txt\0'),
        Buffer.from(blob, 'hex'),
      ]);
      const tree = await work.object('tree', entry);
      return [`${await work.rawCommit({ tree })}:refs/heads/agent/latin`];
    },
  },
  {
    name: 'a message that is not UTF-8',
    make: async (work) => {
      const head = await work.git('rev-parse', 'HEAD');
      const tree = await work.git('rev-parse', 'HEAD^{tree}');
      const text = `tree ${tree}\nparent ${head}\nauthor A <a@example.com> 1700000100 +0000\ncommitter A <a@example.com> 1700000100 +0000\nencoding ISO-8859-1\n\ncaf`;
      const commit = await work.object(
        'commit',
        Buffer.concat([Buffer.from(text), Buffer.from([0xe9, 0x0a])]),
      );
      return [`${commit}:refs/heads/agent/latin`];
    },
  },
  {
    name: 'long paths',
    make: async (work) =>
      void (await work.commit({ [`${'a-long-folder-name/'.repeat(12)}file.txt`]: 'x\n' })),
  },
  {
    name: 'non-ASCII names of branch and files',
    make: async (work) => {
      await work.commit({ 'докуме́нты/日本語.txt': 'x\n', 'emoji-😀.txt': 'x\n' });
      return ['HEAD:refs/heads/agent/größe-日本'];
    },
  },
  {
    name: 'an emoji in the message',
    make: async (work) => void (await work.commit({ 'a.txt': 'x\n' }, '✨ add 🎉 things 👩‍💻')),
  },
  {
    name: 'trailers of several people',
    make: async (work) =>
      void (await work.commit(
        { 'a.txt': 'x\n' },
        'fix it\n\nBecause.\n\nFixes: 1234567890ab ("something")\nSigned-off-by: A Person <a.person@example.com>\nCo-authored-by: Bot <41898282+bot@users.noreply.example.com>\nChange-Id: I7a2c5b9f0e1d3c4b5a69788796a5b4c3d2e1f001\n',
      )),
  },
  {
    name: 'a signed commit',
    make: async (work) => {
      const lines = range(4).map(() => ' iQEzBAABCgAdFiEEabcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV');
      const headers = `gpgsig -----BEGIN PGP SIGNATURE-----\n \n${lines.join('\n')}\n =abcd\n -----END PGP SIGNATURE-----\n`;
      return [`${await work.rawCommit({ headers })}:refs/heads/agent/signed`];
    },
  },
  {
    name: 'a tag where tags are allowed',
    policy: { tags: true },
    make: async (work) => {
      await work.git('tag', '-a', 'v1.0.0', '-m', 'first release');
      await work.git('tag', 'light');
      return ['refs/tags/v1.0.0', 'refs/tags/light'];
    },
  },
  {
    name: 'a branch and its tags at once',
    policy: { tags: true },
    make: async (work) => {
      await work.commit({ 'a.txt': 'x\n' });
      await work.git('tag', '-a', 'v2', '-m', 'two');
      return ['--follow-tags', 'HEAD:refs/heads/agent/work'];
    },
  },
  {
    name: 'a deletion where deleting is allowed',
    policy: { delete: true },
    upstream: withWork,
    make: async () => [':refs/heads/agent/theirs'],
  },
  {
    name: 'a rewritten branch where that is allowed',
    policy: { force: true },
    upstream: withWork,
    make: async (work) => {
      await work.commit({ 'mine.txt': 'mine\n' });
      const theirs = await work.git('rev-parse', 'origin/agent/theirs');
      return [`--force-with-lease=agent/theirs:${theirs}`, 'HEAD:refs/heads/agent/theirs'];
    },
  },
  {
    name: 'the default branch where it is not protected',
    policy: { protect_default: false },
    make: async (work) => {
      await work.commit({ 'a.txt': 'x\n' });
      return ['HEAD:refs/heads/main'];
    },
  },
  {
    name: 'a protected path where the operator protects none',
    policy: { protected_paths: [] },
    make: async (work) => void (await work.commit({ '.github/workflows/ci.yml': 'on: push\n' })),
  },
  {
    name: 'a submodule that moves on',
    upstream: two,
    make: async (work) => {
      const [first, second] = [await work.git('rev-parse', 'HEAD~1'), await work.git('rev-parse', 'HEAD')];
      await work.git('update-index', '--add', '--cacheinfo', `160000,${first},lib`);
      await work.git('commit', '-qm', 'lib');
      await work.git('update-index', '--cacheinfo', `160000,${second},lib`);
      await work.git('commit', '-qm', 'bump lib');
    },
  },
  {
    name: 'an orphan branch',
    make: async (work) => {
      await work.git('checkout', '-q', '--orphan', 'agent/pages');
      await work.git('rm', '-rqf', '.');
      await work.commit({ 'index.html': '<h1>pages</h1>\n' });
    },
  },
  {
    name: 'five branches at once',
    make: async (work) => {
      for (const index of range(5)) {
        await work.git('checkout', '-qb', `agent/part-${index}`, 'origin/main');
        await work.commit({ [`part-${index}.txt`]: 'x\n' });
      }
      return range(5).map((index) => `agent/part-${index}`);
    },
  },
  {
    name: 'an octopus merge',
    make: async (work) => {
      for (const side of ['one', 'two', 'three']) {
        await work.git('checkout', '-qb', side, 'agent/work');
        await work.commit({ [`${side}.txt`]: `${side}\n` });
      }
      await work.git('checkout', '-q', 'agent/work');
      await work.git('merge', '-q', '-m', 'octopus', 'one', 'two', 'three');
    },
  },
  {
    name: 'a move of a folder of upstream',
    upstream: [
      {
        message: 'first',
        files: Object.fromEntries(range(60).map((index) => [`old/${index}.txt`, `file ${index}\n`])),
      },
    ],
    make: async (work) => {
      await work.git('mv', 'old', 'new');
      await work.git('commit', '-qm', 'move');
    },
  },
];
