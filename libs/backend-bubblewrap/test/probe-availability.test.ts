import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createBubblewrapBackend } from '@bot-bottle/backend-bubblewrap';
import { findBwrap } from '../src/find-bwrap.ts';
import { probeBubblewrap } from '../src/probe.ts';

const folder = mkdtempSync(join(tmpdir(), 'bb-probe-'));
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true }));

test('here it is available', async () => {
  expect(await createBubblewrapBackend().probe()).toEqual({
    available: true,
    detail: expect.stringMatching(/^bubblewrap \d/),
  });
});

test('without bwrap the remedy names the package', async () => {
  const answer = await probeBubblewrap({ bwrap: null, user: null });
  expect(answer).toMatchObject({
    available: false,
    reason: 'bwrap is not installed',
    remedy: expect.stringContaining('bubblewrap'),
  });
});

test('an old bwrap is refused', async () => {
  const old = join(folder, 'bwrap');
  writeFileSync(old, '#!/bin/sh\necho bubblewrap 0.4.1\n', { mode: 0o755 });
  expect(await probeBubblewrap({ bwrap: old, user: null })).toMatchObject({
    available: false,
    reason: 'bubblewrap 0.4.1 is too old',
  });
});

test('user namespaces that are switched off are recognised', () => {
  const file = new URL('./support/probe-once.ts', import.meta.url).pathname;
  const command = 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"';
  const output = execFileSync(
    'unshare',
    ['-Ur', 'sh', '-c', command, 'sh', process.execPath, '--conditions=@bot-bottle/source', file],
    { encoding: 'utf8', env: { PATH: '/usr/bin:/bin', HOME: folder } },
  );
  expect(JSON.parse(output)).toMatchObject({
    available: false,
    reason: expect.stringContaining('user.max_user_namespaces is 0'),
    remedy: expect.stringContaining('sysctl -w user.max_user_namespaces='),
  });
});

test('a bwrap on PATH is found, a relative folder in PATH is not searched', () => {
  expect(findBwrap('/usr/bin')).toBe('/usr/bin/bwrap');
  expect(findBwrap(`.:${folder}`)).toBe(join(folder, 'bwrap'));
});
