import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fakeSecret } from './support/fake-secrets.ts';
import {
  fetchBody,
  packOf,
  pkt,
  receivePackBody,
  receivePackHeaders,
  uploadPackHeaders,
  zeroOid,
} from './support/pkt-line.ts';
import type { Command } from './support/pkt-line.ts';
import { rawRequest } from './support/raw-http.ts';
import type { RawAnswer } from './support/raw-http.ts';
import { useScenes } from './support/scene.ts';
import type { Scene, SceneOptions } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

describe.skipIf(sshd === null)('packs and commands made by hand', () => {
  const scenes = useScenes();

  async function prepared(options: SceneOptions = {}): Promise<
    Scene & {
      head: string;
      main: string;
      gitDir: string;
      objects: (...revisions: string[]) => Promise<string[]>;
      push: (commands: readonly Command[], pack: Uint8Array, capabilities?: string) => Promise<RawAnswer>;
    }
  > {
    const scene = await scenes.open(options);
    await scene.client.must('clone', '-q', scene.sshUrl(), 'repo');
    const main = await scene.client.must('-C', 'repo', 'rev-parse', 'HEAD');
    const head = await scene.client.commit('repo', { 'n.txt': 'n\n' });
    const gitDir = scene.client.at('repo', '.git');
    return {
      ...scene,
      main,
      head,
      gitDir,
      objects: async (...revisions) =>
        (await scene.client.must('-C', 'repo', 'rev-list', '--objects', ...revisions))
          .split('\n')
          .map((line) => line.slice(0, 40)),
      push: (commands, pack, capabilities) =>
        rawRequest(scene.gate.port, {
          target: '/project.git/git-receive-pack',
          headers: receivePackHeaders,
          body: receivePackBody(commands, pack, capabilities),
        }),
    };
  }
  const create = (oid: string, ref: string | Uint8Array = 'refs/heads/agent/new'): Command => ({
    oldOid: zeroOid,
    newOid: oid,
    ref,
  });

  test('a push by hand arrives as one of git does', async () => {
    const { push, objects, gitDir, head, refs } = await prepared();
    const { status, text } = await push(
      [create(head)],
      await packOf(gitDir, await objects('origin/main..HEAD')),
    );
    expect(status).toBe(200);
    expect(text).toContain('ok refs/heads/agent/new');
    expect((await refs()).get('refs/heads/agent/new')).toBe(head);
  });

  test('objects that no ref reaches are refused, and cannot be named by a later push', async () => {
    const { push, objects, gitDir, head, refs, client, gate, main } = await prepared();
    const before = await refs();
    const secret = fakeSecret('hidden in a pack');
    const hidden = await client.commit('repo', { 'hidden.ini': `token = "${secret}"\n` });
    const all = await objects('origin/main..HEAD');
    await client.must('-C', 'repo', 'reset', '-q', '--hard', head);
    const { text } = await push([create(head)], await packOf(gitDir, all));
    expect(text).toContain('git-gate: ');
    expect(text).toContain('ng refs/heads/agent/new');
    expect(await refs()).toEqual(before);
    // the second push has no objects at all and points at the hidden commit
    const second = await push([create(hidden)], await packOf(gitDir, []));
    expect(second.text).not.toContain('ok refs/heads/agent/new');
    expect(await refs()).toEqual(before);
    const { text: fetched } = await rawRequest(gate.port, {
      target: '/project.git/git-upload-pack',
      headers: { ...uploadPackHeaders, 'Git-Protocol': 'version=2' },
      body: fetchBody([hidden, main]),
    });
    expect(fetched).not.toContain('PACK');
  });

  test('objects of a refused push are gone: neither a fetch nor a push can name them', async () => {
    const { client, push, gitDir, refs, gate } = await prepared();
    const secret = fakeSecret('refused before');
    const bad = await client.commit('repo', { 'bad.ini': `token = "${secret}"\n` });
    const blob = await client.must('-C', 'repo', 'rev-parse', 'HEAD:bad.ini');
    const before = await refs();
    expect((await client.git('-C', 'repo', 'push', 'origin', 'HEAD:agent/bad')).code).not.toBe(0);
    for (const oid of [bad, blob]) {
      const { text } = await push([create(oid, 'refs/heads/agent/again')], await packOf(gitDir, []));
      expect(text).not.toContain('ok refs/heads/agent/again');
      for (const headers of [{ ...uploadPackHeaders, 'Git-Protocol': 'version=2' }, uploadPackHeaders]) {
        const body =
          'Git-Protocol' in headers
            ? fetchBody([oid])
            : Buffer.concat([pkt(`want ${oid}\n`), Buffer.from('0000'), pkt('done\n')]);
        const answer = await rawRequest(gate.port, { target: '/project.git/git-upload-pack', headers, body });
        expect(answer.text).not.toContain('PACK');
      }
    }
    expect(await refs()).toEqual(before);
  });

  test('a false old value is refused: the lease is what the upstream has', async () => {
    const { push, objects, gitDir, head, refs, client } = await prepared({
      repos: [{ name: 'project', push: { protect_default: false } }],
    });
    const other = await client.must('-C', 'repo', 'commit-tree', 'HEAD^{tree}', '-m', 'unrelated');
    const before = await refs();
    const pack = await packOf(gitDir, [...(await objects('origin/main..HEAD')), other]);
    for (const oldOid of [other, zeroOid, head]) {
      const { text } = await push([{ oldOid, newOid: head, ref: 'refs/heads/main' }], pack);
      expect(text).not.toContain('ok refs/heads/main');
    }
    expect(await refs()).toEqual(before);
  });

  test('a rewrite is a rewrite whatever the client calls it', async () => {
    const { push, gitDir, refs, client, main } = await prepared({
      repos: [{ name: 'project', push: { protect_default: false } }],
    });
    const other = await client.must('-C', 'repo', 'commit-tree', 'origin/main^{tree}', '-m', 'unrelated');
    const before = await refs();
    const { text } = await push(
      [{ oldOid: main, newOid: other, ref: 'refs/heads/main' }],
      await packOf(gitDir, [other]),
    );
    expect(text).toContain('push_policy_force');
    expect(await refs()).toEqual(before);
  });

  test('HEAD, however it is spelled, moves no default branch', async () => {
    const { push, objects, gitDir, head, refs, main } = await prepared();
    const before = await refs();
    const pack = await packOf(gitDir, await objects('origin/main..HEAD'));
    for (const ref of [
      'HEAD',
      'refs/heads/main',
      'refs/remotes/origin/HEAD',
      'refs/heads/../heads/main',
      'refs//heads/main',
      'main',
      'refs/heads/main\n',
      'refs/heads/main ',
      'FETCH_HEAD',
      'refs/heads/HEAD/../main',
      'refs/replace/' + main,
    ]) {
      const { text } = await push([{ oldOid: main, newOid: head, ref }], pack);
      expect(text, ref).not.toMatch(/ok (?:HEAD|refs|main)/);
      const { text: created } = await push([create(head, ref)], pack);
      expect(created, ref).not.toMatch(/ok (?:HEAD|refs|main)/);
    }
    expect(await refs()).toEqual(before);
  });

  test('names of refs reach no shell and no option parser', async () => {
    const { push, objects, gitDir, head, refs, gate } = await prepared();
    const before = await refs();
    const pack = await packOf(gitDir, await objects('origin/main..HEAD'));
    const marker = `${gate.folder}/pwned`;
    const names = [
      `refs/heads/$(touch${'$'}{IFS}${marker})`,
      `refs/heads/\`touch ${marker}\``,
      `refs/heads/x;touch${'$'}{IFS}${marker}`,
      `refs/heads/x|touch ${marker}`,
      'refs/heads/--upload-pack=x',
      '--receive-pack=touch',
      'refs/heads/-x',
      'refs/heads/a\nok',
      'refs/heads/a\u0000b',
      'refs/heads/\u001b[31mred',
      'refs/heads/a..b',
      'refs/heads/a.lock',
      'refs/heads/.hidden',
      'refs/heads/a~1',
      'refs/heads/@{u}',
      'refs/heads/a:refs/heads/main',
      '+refs/heads/main',
      `refs/heads/${'x'.repeat(3000)}`,
    ];
    for (const name of names) await push([create(head, name)], pack);
    expect(existsSync(marker)).toBe(false);
    const after = await refs();
    expect(after.get('refs/heads/main')).toBe(before.get('refs/heads/main'));
    for (const ref of after.keys()) expect(ref).toMatch(/^refs\/heads\//);
  });

  test('two commands for one ref move nothing', async () => {
    const { push, objects, gitDir, head, refs, main } = await prepared();
    const before = await refs();
    const pack = await packOf(gitDir, await objects('origin/main..HEAD'));
    await push([create(head), create(main)], pack);
    const after = await refs();
    after.delete('refs/heads/agent/new');
    expect(after).toEqual(before);
  });

  test.each([
    ['more objects than there are', (pack: Buffer) => patched(pack, 11, 200)],
    ['fewer objects than there are', (pack: Buffer) => patched(pack, 11, 1)],
    ['four billion objects', (pack: Buffer) => patched(pack, 8, 255)],
    ['another version', (pack: Buffer) => patched(pack, 7, 9)],
    ['a false sum', (pack: Buffer) => patched(pack, pack.length - 1, (pack.at(-1) ?? 0) ^ 1)],
    ['half of it', (pack: Buffer) => pack.subarray(0, pack.length / 2)],
    ['nothing', () => Buffer.alloc(0)],
    ['noise', () => Buffer.alloc(5000, 'x')],
    ['something behind it', (pack: Buffer) => Buffer.concat([pack, Buffer.alloc(5000, 'x')])],
  ])('a pack with %s moves nothing that was not sent', async (_, damage) => {
    const { push, objects, gitDir, head, refs, client, sshUrl } = await prepared();
    const before = await refs();
    const pack = damage(await packOf(gitDir, await objects('origin/main..HEAD')));
    await push([create(head)], pack);
    const after = await refs();
    // bytes behind a whole pack are none of git's business; everything else is refused
    if (after.size !== before.size) expect(after.get('refs/heads/agent/new')).toBe(head);
    else expect(after).toEqual(before);
    expect((await client.git('clone', '-q', sshUrl(), 'again')).code).toBe(0);
  });

  test('a commit whose tree is missing is refused', async () => {
    const { push, gitDir, head, refs } = await prepared();
    const before = await refs();
    const { text } = await push([create(head)], await packOf(gitDir, [head]));
    expect(text).not.toContain('ok refs/heads/agent/new');
    expect(await refs()).toEqual(before);
  });

  test.each([
    ['.git in another case', '.GIT'],
    ['.git for HFS', '.g\u200cit'],
    ['.git for NTFS', 'git~1'],
    ['..', '..'],
    ['a name with a slash', 'a/b'],
  ])('a tree with %s is refused', async (_, name) => {
    const { push, gitDir, client, refs } = await prepared();
    const before = await refs();
    const hash = async (type: string, input: Uint8Array | string): Promise<string> =>
      (
        await client.run(['-C', 'repo', 'hash-object', '-t', type, '--literally', '-w', '--stdin'], { input })
      ).stdout.trim();
    const blob = await hash('blob', 'x\n');
    const tree = await hash(
      'tree',
      Buffer.concat([Buffer.from(`100644 ${name}\0`), Buffer.from(blob, 'hex')]),
    );
    const commit = await client.must('-C', 'repo', 'commit-tree', tree, '-m', 'x');
    await push([create(commit)], await packOf(gitDir, [blob, tree, commit]));
    expect(await refs()).toEqual(before);
  });

  test('a replacement ref that is pushed lies to nobody', async () => {
    const { client, refs } = await prepared();
    const before = await refs();
    const secret = fakeSecret('replaced');
    const bad = await client.commit('repo', { 'bad.ini': `token = "${secret}"\n` });
    const good = await client.must(
      '-C',
      'repo',
      'commit-tree',
      'origin/main^{tree}',
      '-p',
      'origin/main',
      '-m',
      'x',
    );
    await client.must('-C', 'repo', 'replace', bad, good);
    const { code, stderr } = await client.git(
      '-C',
      'repo',
      'push',
      'origin',
      `${bad}:refs/heads/agent/new`,
      'refs/replace/*:refs/replace/*',
    );
    expect(code).not.toBe(0);
    expect(stderr).toContain('remote: git-gate: ');
    expect(await refs()).toEqual(before);
  });

  test('hooks and configuration that are pushed as files run nowhere', async () => {
    const { client, refs, gate, upstream, at } = await prepared({
      repos: [{ name: 'project', push: { protected_paths: [] } }],
    });
    const marker = client.at('pwned');
    const script = `#!/bin/sh\ntouch ${marker}\n`;
    const head = await client.commit('repo', {
      'hooks/pre-receive': script,
      'hooks/update': script,
      'hooks/post-receive': script,
      '.githooks/pre-push': script,
      config: `[core]\n\thooksPath = hooks\n\tfsmonitor = touch ${marker}\n`,
      '.gitattributes': '* filter=evil diff=evil\n',
      '.gitconfig': `[core]\n\thooksPath = .githooks\n\tsshCommand = touch ${marker}\n`,
    });
    expect((await client.git('-C', 'repo', 'push', 'origin', 'HEAD:agent/hooks')).code).toBe(0);
    expect((await refs()).get('refs/heads/agent/hooks')).toBe(head);
    expect(existsSync(marker)).toBe(false);
    const mirror = `${gate.folder}/root/project.git`;
    expect(existsSync(`${mirror}/hooks/pre-receive`)).toBe(false);
    expect(await readFile(`${mirror}/config`, 'utf8')).not.toContain('evil');
    expect(await upstream.git(at(), 'cat-file', '-t', head)).toBe('commit');
  });

  test('thousands of refs in one push end with an answer', { timeout: 90_000 }, async () => {
    const { push, objects, gitDir, head, refs, client, sshUrl } = await prepared();
    const commands = Array.from({ length: 5000 }, (_, index) => create(head, `refs/heads/agent/n${index}`));
    const { status } = await push(commands, await packOf(gitDir, await objects('origin/main..HEAD')));
    expect(status).not.toBe(null);
    expect([1, 5001]).toContain((await refs()).size);
    expect((await client.git('clone', '-q', sshUrl(), 'again')).code).toBe(0);
  });
});

function patched(pack: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(pack);
  copy[at] = value;
  return copy;
}
