import { describe, expect, test } from 'vitest';
import { packOf, pkt, receivePackBody, receivePackHeaders, zeroOid } from './support/pkt-line.ts';
import { rawRequest } from './support/raw-http.ts';
import { useScenes } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

describe.skipIf(sshd === null)('a push that git itself refuses as shallow', () => {
  const scenes = useScenes();
  test('is not forwarded', async () => {
    const { client, sshUrl, gate, refs } = await scenes.open();
    await client.must('clone', '-q', sshUrl(), 'repo');
    const tip = await client.commit('repo', { 'n.txt': 'n\n' });
    const oids = (await client.must('-C', 'repo', 'rev-list', '--objects', 'origin/main..HEAD'))
      .split('\n')
      .map((l) => l.slice(0, 40));
    const body = Buffer.concat([
      pkt(`shallow ${tip}`),
      receivePackBody(
        [{ oldOid: zeroOid, newOid: tip, ref: 'refs/heads/agent/s' }],
        await packOf(client.at('repo', '.git'), oids),
      ),
    ]);
    const { text } = await rawRequest(gate.port, {
      target: '/project.git/git-receive-pack',
      headers: receivePackHeaders,
      body,
    });
    const after = await refs();
    await client.must('-C', 'repo', 'fetch', '-q');
    if (text.includes('ng refs/heads/agent/s')) expect(after.size).toBe(1);
  });
});
