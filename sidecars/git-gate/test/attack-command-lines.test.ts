import { describe, expect, test } from 'vitest';
import { packOf, receivePackBody, receivePackHeaders, zeroOid } from './support/pkt-line.ts';
import { rawRequest } from './support/raw-http.ts';
import { useScenes } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

describe.skipIf(sshd === null)('a command with a line break in it', () => {
  const scenes = useScenes();
  test('brings nothing to the upstream that git itself did not read as a command', async () => {
    const { client, sshUrl, gate, refs } = await scenes.open();
    await client.must('clone', '-q', sshUrl(), 'repo');
    const head = await client.commit('repo', { 'n.txt': 'n\n' });
    const oids = (await client.must('-C', 'repo', 'rev-list', '--objects', 'origin/main..HEAD'))
      .split('\n')
      .map((l) => l.slice(0, 40));
    const before = await refs();
    await rawRequest(gate.port, {
      target: '/project.git/git-receive-pack',
      headers: receivePackHeaders,
      body: receivePackBody(
        [{ oldOid: zeroOid, newOid: head, ref: `refs/heads/a\n${zeroOid} ${head} refs/heads/smuggled` }],
        await packOf(client.at('repo', '.git'), oids),
      ),
    });
    const after = await refs();
    await client.must('-C', 'repo', 'fetch', '-q');
    expect(after).toEqual(before);
  });
});
