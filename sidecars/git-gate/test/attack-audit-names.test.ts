import { describe, expect, test } from 'vitest';
import { packOf, receivePackBody, receivePackHeaders, zeroOid } from './support/pkt-line.ts';
import { rawRequest } from './support/raw-http.ts';
import { useScenes } from './support/scene.ts';
import { sshd } from './support/sshd.ts';

const value = 'correct-horse-battery-42';

describe.skipIf(sshd === null)('a name that is a secret is not written down', () => {
  const scenes = useScenes();
  async function push(ref: string, oldOid: string | null, newOid: string | null, raw?: Buffer) {
    const scene = await scenes.open({ envSecrets: { DEPLOY: value }, supervise: true });
    await scene.client.must('clone', '-q', scene.sshUrl(), 'repo');
    const main = await scene.client.must('-C', 'repo', 'rev-parse', 'HEAD');
    const pick = (o: string | null) => (o === 'main' ? main : (o ?? zeroOid));
    const pack = newOid === null ? Buffer.alloc(0) : await packOf(scene.client.at('repo', '.git'), []);
    await rawRequest(scene.gate.port, {
      target: '/project.git/git-receive-pack',
      headers: receivePackHeaders,
      body: raw ?? receivePackBody([{ oldOid: pick(oldOid), newOid: pick(newOid), ref }], pack),
    });
    return { audit: JSON.stringify(scene.gate.events), logs: JSON.stringify(scene.gate.logs) };
  }
  test('in the audit: deletion of a branch that does not exist, null to null', async () => {
    expect((await push(`refs/heads/${value}`, null, null)).audit).not.toContain(value);
  });
  test('in the audit: deletion of a branch that does not exist', async () => {
    expect((await push(`refs/heads/${value}`, 'main', null)).audit).not.toContain(value);
  });
  test.each([
    ['funny', `refs/heads/${value}..x`],
    ['funny2', `refs/heads/${value}.lock`],
    ['no refs', value],
    ['df', `refs/heads/main/${value}`],
    ['newline', `refs/heads/a\n${value}`],
  ])('in the log: %s', async (_, ref) => {
    const { audit, logs } = await push(ref, null, 'main');
    expect(logs).not.toContain(value);
    expect(audit).not.toContain(value);
  });
  test('in the log: a command that is none', async () => {
    const body = Buffer.from(`${(value.length + 8).toString(16).padStart(4, '0')}abc ${value}0000`);
    const { audit, logs } = await push('x', null, 'main', body);
    expect(logs).not.toContain(value);
    expect(audit).not.toContain(value);
  });
});
