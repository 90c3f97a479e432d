import { expect, test } from 'vitest';
import { startSandbox } from '../src/bwrap/sandbox-process.ts';

test('nothing starts when the launcher dies before it told bubblewrap what to close off', async () => {
  const options = { bwrap: '/usr/bin/bwrap', seccomp: null, user: null, channel: false };
  const sandbox = startSandbox({ ...options, args: [], command: ['/bin/true'] });
  await expect(sandbox.inner).rejects.toThrow('--disable-userns requires --unshare-user');
  expect((await sandbox.exited).code).not.toBe(0);
});
