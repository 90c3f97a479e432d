import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAX_PROCESSED, QueueStore, queuedBottles } from '../src/index.ts';
import { pushRequest, responseTo, sampleProposal, tempDir } from './samples.ts';

const slug = 'worker-abcde';

async function fresh(): Promise<{ root: string; queue: QueueStore; dir: (name: string) => string }> {
  const root = join(await tempDir(), 'queue');
  return { root, queue: new QueueStore(root, slug), dir: (name) => join(root, slug, name) };
}

it('has nothing, and makes nothing, before the first proposal', async () => {
  const { root, queue } = await fresh();
  expect(await queue.list()).toEqual({ entries: [], problems: [] });
  expect(await queuedBottles(root)).toEqual([]);
  await expect(stat(root)).rejects.toMatchObject({ code: 'ENOENT' });
});

it('stores 0600 in 0700 and leaves no draft behind', async () => {
  const { root, queue, dir } = await fresh();
  const proposal = sampleProposal();
  await queue.add(proposal);
  expect(await readdir(dir('proposals'))).toEqual([`${proposal.id}.json`]);
  for (const folder of [root, join(root, slug), dir('proposals'), dir('responses')]) {
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  }
  expect((await stat(join(dir('proposals'), `${proposal.id}.json`))).mode & 0o777).toBe(0o600);
  expect(JSON.parse(await readFile(join(dir('proposals'), `${proposal.id}.json`), 'utf8'))).toEqual(proposal);
});

it('lists by arrival, open and answered', async () => {
  const { queue, root } = await fresh();
  const [first, second, third] = [sampleProposal(), sampleProposal(), sampleProposal()];
  for (const each of [third, first, second]) await queue.add(each);
  await queue.respond(responseTo(second));
  const { entries } = await queue.list();
  expect(entries.map(({ proposal }) => proposal.id)).toEqual([first.id, second.id, third.id]);
  expect(entries.map(({ response }) => response?.outcome ?? null)).toEqual([null, 'approved', null]);
  expect(await queuedBottles(root)).toEqual([slug]);
});

it('never replaces a proposal that is stored', async () => {
  const { queue, dir } = await fresh();
  const proposal = sampleProposal();
  await queue.add(proposal);
  const other = { ...proposal, request: pushRequest({ repo: 'other' }) };
  await expect(queue.add(other)).rejects.toMatchObject({ code: 'queue_unavailable' });
  expect(await readFile(join(dir('proposals'), `${proposal.id}.json`), 'utf8')).toContain('"app"');
});

it('keeps the first response', async () => {
  const { queue } = await fresh();
  const proposal = sampleProposal();
  await queue.add(proposal);
  await queue.respond(responseTo(proposal, { outcome: 'rejected' }));
  await expect(queue.respond(responseTo(proposal))).rejects.toMatchObject({ code: 'already_decided' });
  expect((await queue.list()).entries[0]?.response?.outcome).toBe('rejected');
});

it('counts a proposal as answered whose writer died before he moved it', async () => {
  const { queue, dir } = await fresh();
  const proposal = sampleProposal();
  await queue.add(proposal);
  await writeFile(join(dir('responses'), `${proposal.id}.json`), JSON.stringify(responseTo(proposal)), {
    mode: 0o600,
  });
  expect((await queue.list()).entries[0]?.response?.outcome).toBe('approved');
  expect(await readdir(dir('processed'))).toEqual([`${proposal.id}.json`]);
  expect((await queue.list()).entries).toHaveLength(1);
});

it.each<[string, (file: string, id: string) => Promise<void>]>([
  ['is not JSON', (file) => writeFile(file, '{', { mode: 0o600 })],
  ['is another thing', (file) => writeFile(file, '{"id":1}', { mode: 0o600 })],
  [
    'has keys that nobody knows',
    (file, id) =>
      writeFile(file, JSON.stringify({ ...sampleProposal({ id }), outcome: 'approved' }), { mode: 0o600 }),
  ],
  ['names another id', (file) => writeFile(file, JSON.stringify(sampleProposal()), { mode: 0o600 })],
  [
    'names another bottle',
    (file, id) =>
      writeFile(file, JSON.stringify(sampleProposal({ id, bottle: 'other-00000' })), { mode: 0o600 }),
  ],
  [
    'is a link, even to a good one',
    async (file, id) => {
      const target = join(await tempDir(), 'good.json');
      await writeFile(target, JSON.stringify(sampleProposal({ id })), { mode: 0o600 });
      await symlink(target, file);
    },
  ],
  ['is a folder', (file) => mkdir(file)],
  [
    'is too large',
    (file, id) =>
      writeFile(file, JSON.stringify(sampleProposal({ id })) + ' '.repeat(1024 * 1024), { mode: 0o600 }),
  ],
  [
    'can be written by others',
    async (file, id) => {
      await writeFile(file, JSON.stringify(sampleProposal({ id })));
      await chmod(file, 0o666);
    },
  ],
])('sets a proposal aside that %s, reports it, and goes on', async (_what, spoil) => {
  const { queue, dir } = await fresh();
  const good = sampleProposal();
  await queue.add(good);
  const { id } = sampleProposal();
  await spoil(join(dir('proposals'), `${id}.json`), id);
  const { entries, problems } = await queue.list();
  expect(entries.map(({ proposal }) => proposal.id)).toEqual([good.id]);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain(`${id}.json`);
  expect((await readdir(dir('malformed')))[0]).toContain(id);
  expect((await queue.list()).problems).toEqual([]);
});

it('does not wait for a pipe that lies where a proposal should', async () => {
  const { queue, dir } = await fresh();
  await queue.add(sampleProposal());
  const { execFileSync } = await import('node:child_process');
  execFileSync('mkfifo', [join(dir('proposals'), `${sampleProposal().id}.json`)]);
  expect((await queue.list()).problems[0]).toContain('not a regular file');
});

it('shows hostile names of files as visible text', async () => {
  const { queue, dir } = await fresh();
  await queue.add(sampleProposal());
  await writeFile(join(dir('proposals'), 'a\u001b[31m\nb'), 'x');
  const { problems } = await queue.list();
  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain('\\u{1b}[31m\\nb');
});

it('believes no response with the digest of another proposal', async () => {
  const { queue, dir } = await fresh();
  const proposal = sampleProposal();
  await queue.add(proposal);
  const forged = responseTo(proposal, { digest: 'f'.repeat(64) });
  await writeFile(join(dir('responses'), `${proposal.id}.json`), JSON.stringify(forged), { mode: 0o600 });
  const { entries, problems } = await queue.list();
  expect(entries[0]?.response).toBeNull();
  expect(problems).toHaveLength(1);
});

it.each(['../evil', '..', '', '.', 'a/b', '/etc', 'A', 'a\0b', 'a'.repeat(65)])(
  'refuses %j as a bottle',
  (evil) => {
    expect(() => new QueueStore('/tmp/none', evil)).toThrow(
      expect.objectContaining({ name: 'SuperviseError', code: 'queue_unsafe' }),
    );
  },
);

it.each(['../../evil0000000', 'x/../y0000000000', 'ABCDEFGHIJKLMNOPQ', ''])(
  'refuses %j as an id',
  async (id) => {
    const { queue, root } = await fresh();
    await expect(queue.add(sampleProposal({ id }))).rejects.toThrow();
    await expect(queue.respond(responseTo(sampleProposal({ id })))).rejects.toThrow();
    expect(await readdir(join(root, '..'))).toEqual(['queue']);
  },
);

it('refuses a folder that is a link', async () => {
  const { root, queue } = await fresh();
  const elsewhere = await tempDir();
  await mkdir(root, { mode: 0o700 });
  await symlink(elsewhere, join(root, slug));
  await expect(queue.add(sampleProposal())).rejects.toMatchObject({ code: 'queue_unsafe' });
  await expect(queue.list()).rejects.toMatchObject({ code: 'queue_unsafe' });
  expect(await readdir(elsewhere)).toEqual([]);
  expect(await queuedBottles(root)).toEqual([]);
});

it('refuses a folder that others can write to, with the remedy', async () => {
  const { queue, dir } = await fresh();
  await queue.add(sampleProposal());
  await chmod(dir('responses'), 0o777);
  await expect(queue.add(sampleProposal())).rejects.toMatchObject({
    code: 'queue_unsafe',
    hint: `chmod 700 ${dir('responses')}`,
  });
});

it.skipIf(process.getuid?.() !== 0)('refuses a folder of another user', async () => {
  const { queue, dir } = await fresh();
  await queue.add(sampleProposal());
  const { chown } = await import('node:fs/promises');
  await chown(dir('proposals'), 12_345, 12_345);
  await expect(queue.list()).rejects.toMatchObject({ code: 'queue_unsafe' });
});

it.skipIf(process.getuid?.() !== 0)('sets a file of another user aside', async () => {
  const { queue, dir } = await fresh();
  const proposal = sampleProposal();
  await queue.add(proposal);
  const { chown } = await import('node:fs/promises');
  await chown(join(dir('proposals'), `${proposal.id}.json`), 12_345, 12_345);
  const { entries, problems } = await queue.list();
  expect(entries).toEqual([]);
  expect(problems[0]).toContain('another user');
});

it('keeps a bounded number of answered proposals, the newest', async () => {
  const { queue, dir } = await fresh();
  const all = Array.from({ length: MAX_PROCESSED + 3 }, () => sampleProposal());
  for (const proposal of all) {
    await queue.add(proposal);
    await queue.respond(responseTo(proposal));
  }
  const kept = await readdir(dir('processed'));
  expect(kept).toHaveLength(MAX_PROCESSED);
  expect(kept).toContain(`${all.at(-1)?.id}.json`);
  expect(kept).not.toContain(`${all[0]?.id}.json`);
  expect(await readdir(dir('responses'))).toHaveLength(MAX_PROCESSED);
});

it('misses none that is answered while it is listed, and calls none open that was answered', async () => {
  const { queue, root } = await fresh();
  const reader = new QueueStore(root, slug);
  const all = Array.from({ length: 60 }, () => sampleProposal());
  for (const proposal of all) await queue.add(proposal);
  const ids = all.map(({ id }) => id);
  const answered = new Set<string>();
  const listing = (async () => {
    while (answered.size < all.length) {
      const before = new Set(answered);
      const { entries, problems } = await reader.list();
      expect(problems).toEqual([]);
      expect(entries.map(({ proposal }) => proposal.id)).toEqual(ids);
      for (const { proposal, response } of entries)
        if (before.has(proposal.id)) expect(response).not.toBeNull();
    }
  })();
  for (const proposal of all) {
    await queue.respond(responseTo(proposal));
    answered.add(proposal.id);
  }
  await listing;
});

describe('the queue of another bottle', () => {
  const other = 'other-00000';

  it('is neither read nor written through a proposal, a response or an id', async () => {
    const { root, queue } = await fresh();
    const theirs = sampleProposal({ bottle: other });
    const otherQueue = new QueueStore(root, other);
    await otherQueue.add(theirs);
    const snapshot = async (): Promise<string[]> =>
      (await readdir(join(root, other), { recursive: true })).toSorted();
    const before = await snapshot();
    await expect(queue.add(theirs)).rejects.toMatchObject({ code: 'queue_unsafe' });
    for (const id of [`../../${other}/proposals/${theirs.id}`, `${theirs.id}/../x`, `..${theirs.id}`]) {
      await expect(queue.add(sampleProposal({ id }))).rejects.toThrow();
      await expect(queue.respond(responseTo(theirs, { id }))).rejects.toThrow();
    }
    // Their id is only a name here: what is written stays in our folder.
    await queue.respond(responseTo(theirs));
    expect(await snapshot()).toEqual(before);
    expect((await otherQueue.list()).entries).toMatchObject([{ response: null }]);
    expect((await queue.list()).entries).toEqual([]);
  });

  it('is not listed by a file or a link that somebody put into ours', async () => {
    const { root, queue, dir } = await fresh();
    const theirs = sampleProposal({ bottle: other });
    await new QueueStore(root, other).add(theirs);
    await queue.add(sampleProposal());
    const file = join(root, other, 'proposals', `${theirs.id}.json`);
    await symlink(file, join(dir('proposals'), `${theirs.id}.json`));
    const { entries, problems } = await queue.list();
    expect(entries).toHaveLength(1);
    expect(problems[0]).toContain('is a symbolic link');
    const { copyFile } = await import('node:fs/promises');
    await copyFile(file, join(dir('proposals'), `${theirs.id}.json`));
    expect((await queue.list()).entries).toHaveLength(1);
    expect(await readFile(file, 'utf8')).toContain(theirs.id);
  });

  it.each(['other-00000/../worker-abcde', 'other-00000\n', '*', '%2e%2e', 'other-00000\0', '~', '-rf'])(
    'is not named by %j',
    (evil) => {
      expect(() => new QueueStore('/tmp/none', evil)).toThrow(
        expect.objectContaining({ code: 'queue_unsafe' }),
      );
    },
  );
});
