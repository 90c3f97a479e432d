import { fakeSecret } from '../fake-secrets.ts';
import type { RefusedCase } from './contracts.ts';

/** The same kind of credential in every place of a push that can hold text. */
function place(name: string, make: (secret: string) => Omit<RefusedCase, 'name' | 'code'>): RefusedCase {
  const secret = fakeSecret(`place ${name}`);
  return { name, code: 'secret_found', secret, ...make(secret) };
}

const line = (secret: string): string => `token = "${secret}"\n`;
const person = 'Agent <agent@example.com> 1700000100 +0000';

export const refusedPlaces: readonly RefusedCase[] = [
  place('in a file', (secret) => ({
    make: async (work) => void (await work.commit({ 'settings.ini': line(secret) })),
  })),
  place('twenty folders deep', (secret) => ({
    make: async (work) => void (await work.commit({ [`${'folder/'.repeat(20)}settings.ini`]: line(secret) })),
  })),
  place('in an intermediate commit that the next one changes', (secret) => ({
    make: async (work) => {
      await work.commit({ 'a.ini': line(secret) });
      await work.commit({ 'a.ini': 'token = from the environment\n' });
    },
  })),
  place('in a file that a later commit removes', (secret) => ({
    make: async (work) => {
      await work.commit({ 'a.ini': line(secret) });
      await work.git('rm', '-q', 'a.ini');
      await work.git('commit', '-qm', 'remove it');
    },
  })),
  place('in what only the merge commit holds', (secret) => ({
    make: async (work) => {
      await work.git('checkout', '-qb', 'side');
      await work.commit({ 'side.txt': 'side\n' });
      await work.git('checkout', '-q', 'agent/work');
      await work.commit({ 'work.txt': 'work\n' });
      await work.git('merge', '-q', '--no-ff', '--no-commit', 'side');
      await work.write('work.txt', `work\n${line(secret)}`);
      await work.git('commit', '-qam', 'merge side');
    },
  })),
  place('on the second parent', (secret) => ({
    make: async (work) => {
      await work.git('checkout', '-qb', 'side');
      await work.commit({ 'side.ini': line(secret) });
      await work.git('rm', '-q', 'side.ini');
      await work.git('commit', '-qm', 'tidy');
      await work.git('checkout', '-q', 'agent/work');
      await work.commit({ 'work.txt': 'work\n' });
      await work.git('merge', '-q', '--no-ff', '-m', 'merge', 'side');
    },
  })),
  place('on the third parent of an octopus', (secret) => ({
    make: async (work) => {
      for (const side of ['one', 'two', 'three']) {
        await work.git('checkout', '-qb', side, 'agent/work');
        await work.commit({ [`${side}.ini`]: side === 'three' ? line(secret) : `${side}\n` });
      }
      await work.git('checkout', '-q', 'agent/work');
      await work.git('merge', '-q', '-m', 'octopus', 'one', 'two', 'three');
    },
  })),
  place('on an orphan branch', (secret) => ({
    make: async (work) => {
      await work.git('checkout', '-q', '--orphan', 'agent/orphan');
      await work.git('rm', '-rqf', '.');
      await work.commit({ 'a.ini': line(secret) });
    },
  })),
  place('in a commit message', (secret) => ({
    make: async (work) => void (await work.commit({ 'a.txt': 'a\n' }, `use ${secret} for the tests`)),
  })),
  place('in a trailer of a commit message', (secret) => ({
    make: async (work) =>
      void (await work.commit({ 'a.txt': 'a\n' }, `add a file\n\nSome text.\n\nReviewed-by: ${secret}\n`)),
  })),
  place("in the author's name", (secret) => ({
    make: async (work) => {
      const oid = await work.rawCommit({ author: `${secret} <agent@example.com> 1700000100 +0000` });
      return [`${oid}:refs/heads/agent/work`];
    },
  })),
  place("in the author's address", (secret) => ({
    make: async (work) => {
      const oid = await work.rawCommit({ author: `Agent <${secret}@example.com> 1700000100 +0000` });
      return [`${oid}:refs/heads/agent/work`];
    },
  })),
  place("in the committer's name", (secret) => ({
    make: async (work) => {
      const oid = await work.rawCommit({ committer: `${secret} <agent@example.com> 1700000100 +0000` });
      return [`${oid}:refs/heads/agent/work`];
    },
  })),
  place('in a signature header of a commit', (secret) => ({
    make: async (work) => {
      const headers = `gpgsig -----BEGIN PGP SIGNATURE-----\n \n ${secret}\n -----END PGP SIGNATURE-----\n`;
      return [`${await work.rawCommit({ headers })}:refs/heads/agent/work`];
    },
  })),
  place('in a header of a commit that nobody knows', (secret) => ({
    make: async (work) => [
      `${await work.rawCommit({ headers: `x-note ${secret}\n` })}:refs/heads/agent/work`,
    ],
  })),
  place('in the message of a tag', (secret) => ({
    policy: { tags: true },
    make: async (work) => {
      await work.git('tag', '-a', 'v1', '-m', `release with ${secret}`);
      return ['refs/tags/v1'];
    },
  })),
  place("in the tagger's name", (secret) => ({
    policy: { tags: true },
    make: async (work) => {
      const head = await work.git('rev-parse', 'HEAD');
      const tag = await work.object(
        'tag',
        `object ${head}\ntype commit\ntag v1\ntagger ${secret} <agent@example.com> 1700000100 +0000\n\nx\n`,
      );
      return [`${tag}:refs/tags/v1`];
    },
  })),
  place('in a blob that only a tag names', (secret) => ({
    policy: { tags: true },
    make: async (work) => {
      const blob = await work.object('blob', line(secret));
      return [`${blob}:refs/tags/v1`];
    },
  })),
  place('in a blob behind an annotated tag', (secret) => ({
    policy: { tags: true },
    make: async (work) => {
      const blob = await work.object('blob', line(secret));
      await work.git('tag', '-a', 'v1', '-m', 'a file', blob);
      return ['refs/tags/v1'];
    },
  })),
  place('in a tree that only a tag names', (secret) => ({
    policy: { tags: true },
    make: async (work) => {
      const blob = await work.object('blob', line(secret));
      const tree = await work.feed(`100644 blob ${blob}\ta.ini\n`, 'mktree');
      await work.git('tag', '-a', 'v1', '-m', 'a folder', tree);
      return ['refs/tags/v1'];
    },
  })),
  place('in the inner one of two tags', (secret) => ({
    policy: { tags: true },
    make: async (work) => {
      await work.git('tag', '-a', 'inner', '-m', `inner ${secret}`);
      await work.git('tag', '-a', 'outer', '-m', 'outer', 'inner');
      return ['refs/tags/outer'];
    },
  })),
  place('in the name of a branch', (secret) => ({
    make: async () => [`HEAD:refs/heads/agent/${secret}`],
  })),
  place('in the name of a tag', (secret) => ({
    policy: { tags: true },
    make: async () => [`HEAD:refs/tags/${secret}`],
  })),
  place('in the name of a file', (secret) => ({
    make: async (work) => void (await work.commit({ [`notes-${secret}.txt`]: 'nothing\n' })),
  })),
  place('in the name of a folder', (secret) => ({
    make: async (work) => void (await work.commit({ [`${secret}/a.txt`]: 'nothing\n' })),
  })),
  place('in the target of a symbolic link', (secret) => ({
    make: async (work) => {
      const blob = await work.object('blob', `/srv/${secret}/data`);
      await work.git('update-index', '--add', '--cacheinfo', `120000,${blob},link`);
      await work.git('commit', '-qm', 'link');
    },
  })),
  place('in a renamed file that got it with the rename', (secret) => ({
    upstream: [{ message: 'first', files: { 'old.ini': 'a = 1\nb = 2\nc = 3\nd = 4\n' } }],
    make: async (work) => {
      await work.git('mv', 'old.ini', 'new.ini');
      await work.write('new.ini', `a = 1\nb = 2\nc = 3\nd = 4\n${line(secret)}`);
      await work.git('commit', '-qam', 'rename');
    },
  })),
  place('in a rewritten history that is forced', (secret) => ({
    policy: { force: true },
    upstream: [
      { message: 'first', files: { 'a.txt': 'a\n' } },
      { ref: 'refs/heads/agent/work', message: 'work', files: { 'b.txt': 'b\n' } },
    ],
    make: async (work) => {
      await work.git('checkout', '-q', '--orphan', 'again');
      await work.commit({ 'b.ini': line(secret) }, 'work, again');
      return ['--force', 'HEAD:refs/heads/agent/work'];
    },
  })),
  place('in one of two branches', (secret) => ({
    make: async (work) => {
      await work.git('checkout', '-qb', 'agent/other');
      await work.commit({ 'a.ini': line(secret) });
      return ['agent/work', 'agent/other'];
    },
  })),
  place('in a password of a submodule address', (secret) => ({
    policy: { protected_paths: [] },
    make: async (work) => {
      await work.write(
        '.gitmodules',
        `[submodule "lib"]\n\tpath = lib\n\turl = https://deploy:${secret}@git.example.com/lib.git\n`,
      );
      await work.git('add', '.gitmodules');
      await work.git(
        'update-index',
        '--add',
        '--cacheinfo',
        `160000,${await work.git('rev-parse', 'HEAD')},lib`,
      );
      await work.git('commit', '-qm', 'lib');
    },
  })),
  place('in the first commit of many', (secret) => ({
    make: async (work) => {
      await work.commit({ 'a.ini': line(secret) });
      await work.commit({ 'a.ini': '\n' });
      for (let index = 0; index < 20; index += 1) await work.commit({ 'b.txt': `${index}\n` });
    },
  })),
  place('in a file that stands upstream with another value', (secret) => ({
    upstream: [{ message: 'first', files: { 'a.ini': line(fakeSecret('another one')) } }],
    make: async (work) => void (await work.commit({ 'a.ini': line(secret) })),
  })),
  place('in a second file when upstream has it in another one', (secret) => ({
    upstream: [{ message: 'first', files: { 'fixtures/a.ini': line(secret), 'b.txt': 'other\n' } }],
    make: async (work) => void (await work.commit({ 'production.yml': `deploy:\n  ${line(secret)}` })),
  })),
  place('with a replacement that hides it', (secret) => ({
    make: async (work) => {
      const bad = await work.commit({ 'a.ini': line(secret) });
      const good = await work.rawCommit({ author: person });
      await work.git('replace', bad, good);
    },
  })),
  place('with a graft that cuts the history before it', (secret) => ({
    make: async (work) => {
      await work.commit({ 'a.ini': line(secret) });
      await work.git('rm', '-q', 'a.ini');
      await work.git('commit', '-qm', 'tidy');
      await work.git('replace', '--graft', 'HEAD');
    },
  })),
];
