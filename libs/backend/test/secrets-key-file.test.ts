import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify, inspect } from 'node:util';
import { expect, it } from 'vitest';
import { resolveSecrets } from '../src/index.ts';
import { tempDir } from './temp-dir.ts';

const run = promisify(execFile);
const sources = { env: {}, ask: null };

const read = async (path: string): Promise<string | undefined> => {
  const gitGate = {
    repos: [],
    keyRefs: { GIT_GATE_KEY_0: { kind: 'file' as const, path } },
    provisioned: [],
    scanner: 'auto' as const,
    scannerUsed: { name: 'builtin' as const, reason: '' },
    programs: { git: '/git', ssh: '/ssh', gitleaks: null },
  };
  const { gateKeys, slots, env } = await resolveSecrets({ slotRefs: {}, forwardedEnv: [], gitGate }, sources);
  expect([...slots.names(), ...env.names()]).toEqual([]);
  return gateKeys.get('GIT_GATE_KEY_0');
};

const keygen = async (folder: string, ...args: string[]): Promise<string> => {
  const path = join(folder, 'key');
  await run('ssh-keygen', ['-q', '-C', 'test', '-f', path, ...args]);
  return path;
};

it.each([
  ['ed25519', ['-t', 'ed25519']],
  ['RSA as PEM', ['-t', 'rsa', '-b', '2048', '-m', 'PEM']],
  ['ECDSA as PKCS#8', ['-t', 'ecdsa', '-m', 'PKCS8']],
])('reads an unprotected key, %s', async (_name, args) => {
  const path = await keygen(await tempDir(), '-N', '', ...args);
  expect(await read(path)).toBe(await readFile(path, 'utf8'));
});

it('follows a link, as ssh does', async () => {
  const folder = await tempDir();
  const path = await keygen(folder, '-N', '', '-t', 'ed25519');
  await symlink(path, join(folder, 'link'));
  expect(await read(join(folder, 'link'))).toBe(await readFile(path, 'utf8'));
});

it.each([
  ['ed25519', ['-t', 'ed25519']],
  ['RSA as PEM', ['-t', 'rsa', '-b', '2048', '-m', 'PEM']],
  ['ECDSA as PKCS#8', ['-t', 'ecdsa', '-m', 'PKCS8']],
])('refuses a key with a passphrase, %s, and says how to take it away', async (_name, args) => {
  const path = await keygen(await tempDir(), '-N', 'correct horse', ...args);
  const error: unknown = await read(path).catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    code: 'secret_unavailable',
    message: expect.stringContaining('protected by a passphrase') as string,
    hint: expect.stringContaining(`ssh-keygen -p -f ${path}`) as string,
  });
  const quoted = (await readFile(path, 'utf8')).split('\n').find((line) => /^[\w+/]{40,}/.test(line));
  expect(inspect(error, { depth: 9 })).not.toContain(quoted ?? 'no line of a key');
});

it.each([
  ['a public key', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA me', 'is a public key'],
  ['a PuTTY key', 'PuTTY-User-Key-File-3: ssh-ed25519\n', 'is a PuTTY key'],
  ['other text', 'hello', 'holds no private key'],
  ['nothing', '', 'holds no private key'],
  [
    'a cut key',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----\n',
    'holds a damaged private key',
  ],
  ['too much', '-----BEGIN PRIVATE KEY-----\n'.padEnd(65 * 1024, 'A'), 'is larger than 64 KiB'],
])('refuses %s', async (_name, text, what) => {
  const path = join(await tempDir(), 'key');
  await writeFile(path, text, { mode: 0o600 });
  await expect(read(path)).rejects.toMatchObject({
    code: 'secret_unavailable',
    message: `the key file ${path} ${what}${what.startsWith('is a PuTTY') ? ', which ssh cannot read' : ''}${what.startsWith('is larger') ? ': no private key is' : ''}`,
  });
});

it.each([0o640, 0o604, 0o620, 0o601])('refuses a key with mode %o', async (mode) => {
  const path = await keygen(await tempDir(), '-N', '', '-t', 'ed25519');
  await chmod(path, mode);
  await expect(read(path)).rejects.toMatchObject({
    message: `the key file ${path} can be read or written by other users`,
    hint: `chmod 600 ${path}`,
  });
});

it.runIf(process.getuid?.() === 0)('refuses a key of another user', async () => {
  const path = await keygen(await tempDir(), '-N', '', '-t', 'ed25519');
  await chown(path, 1500, 1500);
  await expect(read(path)).rejects.toMatchObject({
    message: `the key file ${path} belongs to user 1500, neither to you nor to root`,
  });
});

it('refuses a folder, and does not wait for a pipe', async () => {
  const folder = await tempDir();
  await mkdir(join(folder, 'dir'), { mode: 0o700 });
  await run('mkfifo', ['-m', '600', join(folder, 'pipe')]);
  for (const name of ['dir', 'pipe']) {
    await expect(read(join(folder, name))).rejects.toMatchObject({
      message: `the key file ${join(folder, name)} is not a regular file`,
    });
  }
});
