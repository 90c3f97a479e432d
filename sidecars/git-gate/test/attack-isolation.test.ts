import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  fetchBody,
  packOf,
  pkt,
  receivePackBody,
  receivePackHeaders,
  uploadPackHeaders,
  zeroOid,
} from './support/pkt-line.ts';
import { rawRequest } from './support/raw-http.ts';
import { useScenes } from './support/scene.ts';
import type { Scene } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

describe.skipIf(sshd === null)('what one repository, and the agent, can see', () => {
  const scenes = useScenes();

  async function two(): Promise<Scene & { foreign: string; foreignBlob: string }> {
    const scene = await scenes.open({
      repos: [
        { name: 'project' },
        { name: 'private', at: { commits: [{ message: 'private', files: { 'p.txt': 'private text\n' } }] } },
      ],
    });
    // both mirrors are there
    await scene.client.must('clone', '-q', scene.sshUrl(), 'repo');
    await scene.client.must('clone', '-q', scene.sshUrl('private'), 'private');
    return {
      ...scene,
      foreign: await scene.client.must('-C', 'private', 'rev-parse', 'HEAD'),
      foreignBlob: await scene.client.must('-C', 'private', 'rev-parse', 'HEAD:p.txt'),
    };
  }

  test('objects of another declared repository cannot be wanted, those of its own can', async () => {
    const { gate, foreign, foreignBlob, refs } = await two();
    const own = await rawRequest(gate.port, {
      target: '/project.git/git-upload-pack',
      headers: { ...uploadPackHeaders, 'Git-Protocol': 'version=2' },
      body: fetchBody([(await refs()).get('refs/heads/main') ?? '']),
    });
    expect(own.text).toContain('PACK');
    for (const oid of [foreign, foreignBlob]) {
      const second = await rawRequest(gate.port, {
        target: '/project.git/git-upload-pack',
        headers: { ...uploadPackHeaders, 'Git-Protocol': 'version=2' },
        body: fetchBody([oid]),
      });
      expect(second.text).not.toContain('PACK');
      const first = await rawRequest(gate.port, {
        target: '/project.git/git-upload-pack',
        headers: uploadPackHeaders,
        body: Buffer.concat([pkt(`want ${oid}\n`), Buffer.from('0000'), pkt('done\n')]),
      });
      expect(first.text).not.toContain('PACK');
    }
  });

  test('objects of another declared repository cannot be taken in by a push without them', async () => {
    const { gate, foreign, client, refs } = await two();
    const before = await refs();
    const { text } = await rawRequest(gate.port, {
      target: '/project.git/git-receive-pack',
      headers: receivePackHeaders,
      body: receivePackBody(
        [{ oldOid: zeroOid, newOid: foreign, ref: 'refs/heads/agent/stolen' }],
        await packOf(client.at('repo', '.git'), []),
      ),
    });
    expect(text).not.toContain('ok refs/heads/agent/stolen');
    expect(await refs()).toEqual(before);
  });

  test('a tree or a submodule that names foreign objects brings none of them', async () => {
    const { gate, client, foreignBlob, refs } = await two();
    const before = await refs();
    const repo = ['-C', 'repo'] as const;
    const entry = Buffer.concat([Buffer.from('100644 p.txt\0'), Buffer.from(foreignBlob, 'hex')]);
    const { stdout } = await client.run(
      [...repo, 'hash-object', '-t', 'tree', '--literally', '-w', '--stdin'],
      {
        input: entry,
      },
    );
    const commit = await client.must(...repo, 'commit-tree', stdout.trim(), '-m', 'x');
    const { text } = await rawRequest(gate.port, {
      target: '/project.git/git-receive-pack',
      headers: receivePackHeaders,
      body: receivePackBody(
        [{ oldOid: zeroOid, newOid: commit, ref: 'refs/heads/agent/stolen' }],
        await packOf(client.at('repo', '.git'), [stdout.trim(), commit]),
      ),
    });
    expect(text).not.toContain('ok refs/heads/agent/stolen');
    expect(await refs()).toEqual(before);
  });

  test('the mirrors share no object store', async () => {
    const { gate } = await two();
    for (const name of ['project', 'private']) {
      const alternates = join(gate.folder, 'root', `${name}.git`, 'objects', 'info', 'alternates');
      expect(await readFile(alternates, 'utf8').catch(() => '')).toBe('');
    }
  });

  test('objects that the upstream hides behind other refs are not handed out', async () => {
    const { gate, client, upstream, at, sshUrl } = await scenes.open();
    const tree = await upstream.git(at(), 'rev-parse', 'HEAD^{tree}');
    const secret = await upstream.git(at(), 'commit-tree', tree, '-m', 'behind a pull request');
    await upstream.git(at(), 'update-ref', 'refs/pull/7/head', secret);
    await client.must('clone', '-q', sshUrl(), 'repo');
    const { text } = await rawRequest(gate.port, {
      target: '/project.git/git-upload-pack',
      headers: { ...uploadPackHeaders, 'Git-Protocol': 'version=2' },
      body: fetchBody([secret]),
    });
    expect(text).not.toContain('PACK');
  });

  test('key, host key and folders of the gate are in no answer', async () => {
    const scene = await scenes.open({
      repos: [
        { name: 'project' },
        { name: 'gone', more: { path: '/nowhere.git' } },
        { name: 'unknown', more: { host_key: `ssh-ed25519 ${'A'.repeat(68)}` } },
      ],
    });
    const told: string[] = [];
    const ask = async (target: string, headers: Record<string, string> = {}): Promise<void> => {
      const { head, text } = await rawRequest(scene.gate.port, { target, headers });
      told.push(head, text);
    };
    for (const name of ['project', 'gone', 'unknown', 'undeclared']) {
      for (const service of ['git-upload-pack', 'git-receive-pack', 'git-evil']) {
        for (const version of ['0', '1', '2']) {
          await ask(`/${name}.git/info/refs?service=${service}`, { 'Git-Protocol': `version=${version}` });
        }
      }
    }
    await ask('/health');
    await ask('/');
    await scene.client.must('clone', '-q', scene.sshUrl(), 'repo');
    await scene.client.commit('repo', { '.gitmodules': 'x\n' });
    for (const args of [['HEAD:agent/x'], ['-o', 'x', 'HEAD:agent/x'], ['HEAD:main'], [':main']]) {
      const { stdout, stderr } = await scene.client.run(['-C', 'repo', 'push', 'origin', ...args], {
        env: { GIT_TRACE_PACKET: '1', GIT_TRACE_CURL: '1' },
      });
      told.push(stdout, stderr);
    }
    const everything = told.join('\n');
    const keyLines = scene.upstream.clientKey
      .split('\n')
      .filter((line) => line.length > 20 && !line.startsWith('-'));
    for (const line of keyLines) expect(everything).not.toContain(line);
    expect(everything).not.toContain(scene.upstream.hostKey.split(' ')[1]);
    expect(everything).not.toContain(scene.gate.folder);
    expect(everything).not.toContain('PRIVATE KEY');
    const recorded = JSON.stringify([scene.gate.events, scene.gate.logs]);
    for (const line of keyLines) expect(recorded).not.toContain(line);
  });

  test('key files are private and go with the gate', async () => {
    const scene = await scenes.open();
    await scene.client.must('clone', '-q', scene.sshUrl(), 'repo');
    const keys = join(scene.gate.folder, 'keys');
    for (const name of await readdir(keys)) {
      expect((await stat(join(keys, name))).mode & 0o077, name).toBe(0);
    }
    await scene.gate.server.close();
    const left = await readdir(keys).catch((): string[] => []);
    for (const name of left) {
      expect(await readFile(join(keys, name), 'utf8'), name).not.toContain('PRIVATE KEY');
    }
  });
});
