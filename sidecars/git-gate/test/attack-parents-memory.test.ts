import { describe, expect, test } from 'vitest';
import { createClient } from './support/client.ts';
import { startGateProcess } from './support/gate-process.ts';
import { packOf, receivePackBody, receivePackHeaders, zeroOid } from './support/pkt-line.ts';
import { rawRequest } from './support/raw-http.ts';
import { createUpstream, sshd } from './support/sshd.ts';

const MIB = 1024 * 1024;

describe.skipIf(sshd === null)('small pushes that become large', () => {
  test('55 commits that each name one parent 100,000 times', { timeout: 120_000 }, async () => {
    const upstream = await createUpstream();
    await upstream.addRepo('project');
    const gate = await startGateProcess({
      upstream,
      repos: [{ name: 'project', push: { max_bytes: 64 * MIB } }],
    });
    const client = await createClient();
    try {
      const url = gate.url('project');
      await client.must('clone', '-q', url, 'repo');
      const tree = await client.must('-C', 'repo', 'rev-parse', 'HEAD^{tree}');
      let parent = await client.must('-C', 'repo', 'rev-parse', 'HEAD');
      const oids: string[] = [];
      for (let index = 0; index < 55; index += 1) {
        const who = `A <a@example.com> ${1_700_000_000 + index} +0000`;
        const { stdout } = await client.run(['-C', 'repo', 'hash-object', '-t', 'commit', '-w', '--stdin'], {
          input: `tree ${tree}\n${`parent ${parent}\n`.repeat(100_000)}author ${who}\ncommitter ${who}\n\nx\n`,
        });
        parent = stdout.trim();
        oids.push(parent);
      }
      const body = receivePackBody(
        [{ oldOid: zeroOid, newOid: parent, ref: 'refs/heads/agent/p' }],
        await packOf(client.at('repo', '.git'), oids),
      );
      const before = await gate.peak();
      const { text } = await rawRequest(Number(new URL(url).port), {
        target: '/project.git/git-receive-pack',
        headers: receivePackHeaders,
        body,
      }).catch((e: Error) => ({ text: e.message }));
      const grown = ((await gate.peak()) - before) / MIB;
      expect(grown).toBeLessThan(150);
      // whatever it answers: nothing of it is upstream
      expect(text).not.toBe('');
      expect([...(await upstream.refs('project')).keys()]).toEqual(['refs/heads/main']);
    } finally {
      await client.remove();
      await gate.close();
      await upstream.stop();
    }
  });
});
