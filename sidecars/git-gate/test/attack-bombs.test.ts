import { deflateSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from './support/client.ts';
import type { Client } from './support/client.ts';
import { startGateProcess } from './support/gate-process.ts';
import type { GateProcess } from './support/gate-process.ts';
import { packOf, receivePackBody, receivePackHeaders, zeroOid } from './support/pkt-line.ts';
import { rawRequest } from './support/raw-http.ts';
import { useScenes } from './support/scene.ts';
import { createUpstream, sshd } from './support/sshd.ts';
import type { Upstream } from './support/sshd.ts';

const MIB = 1024 * 1024;

describe.skipIf(sshd === null)('small pushes that become large', () => {
  let upstream: Upstream;
  let gate: GateProcess;
  let client: Client;
  let main: string;
  beforeAll(async () => {
    upstream = await createUpstream();
    await upstream.addRepo('project');
    gate = await startGateProcess({
      upstream,
      repos: [{ name: 'project', push: { max_bytes: 64 * MIB } }],
      limits: { transfer_seconds: 20, idle_seconds: 5 },
    });
    client = await createClient();
    await client.must('clone', '-q', gate.url('project'), 'repo');
    main = await client.must('-C', 'repo', 'rev-parse', 'HEAD');
  });
  afterAll(async () => {
    await client.remove();
    await gate.close();
    await upstream.stop();
  });

  const port = (): number => Number(new URL(gate.url('project')).port);
  const growth = async (work: () => Promise<unknown>): Promise<number> => {
    const before = await gate.peak();
    await work();
    return ((await gate.peak()) - before) / MIB;
  };
  const served = async (): Promise<void> => {
    expect(await client.must('ls-remote', gate.url('project'), 'refs/heads/main')).toContain(main);
  };
  const hash = async (type: string, input: string | Uint8Array): Promise<string> => {
    const { stdout } = await client.run(['-C', 'repo', 'hash-object', '-t', type, '-w', '--stdin'], {
      input,
    });
    return stdout.trim();
  };

  test('a blob of 256 MiB of zeros in 256 KiB', { timeout: 120_000 }, async () => {
    const { code } = await client.run(['-C', 'repo', 'fast-import', '--quiet'], {
      input: Buffer.concat([
        Buffer.from(
          `commit refs/heads/zeros\ncommitter A <a@example.com> 1700000000 +0000\ndata 1\nxfrom ${main}\nM 100644 inline zeros\ndata ${256 * MIB}\n`,
        ),
        Buffer.alloc(256 * MIB),
      ]),
    });
    expect(code).toBe(0);
    const most = await growth(() =>
      client.run(['-C', 'repo', 'push', gate.url('project'), 'zeros:agent/zeros'], { timeoutMs: 100_000 }),
    );
    expect(most).toBeLessThan(150);
    await served();
  });

  test('a tree of a million paths in ten objects', { timeout: 120_000 }, async () => {
    let entry = `100644 blob ${await hash('blob', 'x\n')}`;
    for (let level = 0; level < 6; level += 1) {
      const lines = Array.from({ length: 10 }, (_, index) => `${entry}\tf${index}\n`);
      const { stdout } = await client.run(['-C', 'repo', 'mktree'], { input: lines.join('') });
      entry = `040000 tree ${stdout.trim()}`;
    }
    const tree = entry.slice(-40);
    const commit = await client.must('-C', 'repo', 'commit-tree', tree, '-p', main, '-m', 'bomb');
    const most = await growth(() =>
      client.run(['-C', 'repo', 'push', gate.url('project'), `${commit}:refs/heads/agent/tree`], {
        timeoutMs: 100_000,
      }),
    );
    expect(most).toBeLessThan(150);
    await served();
  });

  test('ten thousand refs with names of 5,000 bytes', { timeout: 120_000 }, async () => {
    const name = `refs/heads/${'a/'.repeat(20)}${'x'.repeat(5_000)}`;
    const commands = Array.from({ length: 10_000 }, (_, index) => ({
      oldOid: zeroOid,
      newOid: main,
      ref: `${name}${index}`,
    }));
    const pack = await packOf(client.at('repo', '.git'), []);
    const most = await growth(async () => {
      await rawRequest(port(), {
        target: '/project.git/git-receive-pack',
        headers: receivePackHeaders,
        body: receivePackBody(commands, pack),
      });
    });
    expect(most).toBeLessThan(150);
    await served();
  });

  test('a pack that says it holds an object of 8 EiB', { timeout: 120_000 }, async () => {
    // type blob, size 2^60 in the variable-length form of gitformat-pack(5)
    const size = Buffer.from([0xb0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f]);
    const head = Buffer.from('PACK\0\0\0\x02\0\0\0\x01', 'latin1');
    const body = Buffer.concat([head, size, deflateSync(Buffer.alloc(10_000))]);
    const pack = Buffer.concat([body, createHash('sha1').update(body).digest()]);
    const most = await growth(() =>
      rawRequest(port(), {
        target: '/project.git/git-receive-pack',
        headers: receivePackHeaders,
        body: receivePackBody([{ oldOid: zeroOid, newOid: main, ref: 'refs/heads/agent/eib' }], pack),
      }),
    );
    expect(most).toBeLessThan(150);
    await served();
  });
});

describe.skipIf(sshd === null)('what a refused push leaves behind', () => {
  const scenes = useScenes();

  const sizeOf = async (folder: string): Promise<number> => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const sizes = entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size);
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  };

  test('is no quarantine and no scratch', async () => {
    const { gate, client, sshUrl } = await scenes.open();
    await client.must('clone', '-q', sshUrl(), 'repo');
    await client.commit('repo', { '.gitmodules': 'x'.repeat(100_000) });
    const before = await sizeOf(join(gate.folder, 'root'));
    for (const ref of ['agent/a', 'main', 'refs/tags/v1']) {
      expect((await client.git('-C', 'repo', 'push', 'origin', `HEAD:${ref}`)).code).not.toBe(0);
    }
    expect((await sizeOf(join(gate.folder, 'root'))) - before).toBeLessThan(1000);
    const folders = await readdir(join(gate.folder, 'root', 'project.git', 'objects'));
    expect(folders.filter((name) => name.startsWith('tmp') || name.startsWith('incoming'))).toEqual([]);
  });
});
