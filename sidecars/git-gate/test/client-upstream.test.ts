import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runProgram } from './support/run-program.ts';
import { createUpstream, sshd } from './support/sshd.ts';
import type { Upstream } from './support/sshd.ts';

/** The harness itself: what the other tests build on is a real server. */
describe.skipIf(sshd === null)('the upstream of these tests', () => {
  let upstream: Upstream;
  beforeAll(async () => {
    upstream = await createUpstream({ everyKeyExchange: true });
    await upstream.addRepo('project');
  });
  afterAll(async () => await upstream.stop());

  async function lsRemote(hostKey: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const key = join(upstream.folder, 'key');
    const known = join(upstream.folder, 'known');
    await writeFile(key, upstream.clientKey, { mode: 0o600 });
    await writeFile(known, `[127.0.0.1]:${upstream.port} ${hostKey}\n`);
    const ssh = `ssh -F /dev/null -i ${key} -o UserKnownHostsFile=${known} -o StrictHostKeyChecking=yes -o BatchMode=yes`;
    return await runProgram('git', ['ls-remote', upstream.repoUrl('project')], {
      env: { GIT_SSH_COMMAND: ssh, GIT_CONFIG_GLOBAL: '/dev/null', HOME: upstream.folder },
    });
  }

  test('serves a repository over SSH with the key and host key that it tells', async () => {
    const { code, stdout } = await lsRemote(upstream.hostKey);
    expect(code).toBe(0);
    expect(stdout).toContain((await upstream.refs('project')).get('refs/heads/main'));
    expect(await upstream.commands()).toContainEqual(expect.stringMatching(/^version=2 git-upload-pack /));
  });

  test('has the host key that it tells and no other', async () => {
    const other = await createUpstream();
    try {
      const { code, stderr } = await lsRemote(other.hostKey);
      expect(code).not.toBe(0);
      expect(stderr).toContain('Host key verification failed');
    } finally {
      await other.stop();
    }
  });

  test('is unreachable while it is paused and the same afterwards', async () => {
    await upstream.pause();
    expect((await lsRemote(upstream.hostKey)).code).not.toBe(0);
    await upstream.resume();
    expect((await lsRemote(upstream.hostKey)).code).toBe(0);
  });
});
