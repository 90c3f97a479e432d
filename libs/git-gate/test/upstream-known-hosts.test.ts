import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GitGateError, knownHostsLine } from '@bot-bottle/git-gate';
import { afterAll, beforeAll, expect, it } from 'vitest';

const hostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync('/tmp/git-gate-hosts-');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The lines that OpenSSH finds for a host in a file of this one line. */
function found(line: string, host: string): string {
  const file = join(folder, 'known_hosts');
  writeFileSync(file, `${line}\n`);
  try {
    return execFileSync('ssh-keygen', ['-F', host, '-f', file], { encoding: 'utf8' });
  } catch {
    return '';
  }
}

it.each([
  ['github.com', 22, 'github.com', 'github.com'],
  ['GitHub.com', 22, 'github.com', 'github.com'],
  ['git.test', 2222, '[git.test]:2222', '[git.test]:2222'],
  ['fd00::1', 22, 'fd00::1', 'fd00::1'],
  ['[fd00::1]', 2222, '[fd00::1]:2222', '[fd00::1]:2222'],
])('%s port %i is written as OpenSSH looks it up', (host, port, written, lookUp) => {
  const line = knownHostsLine({ host, port, hostKey });
  expect(line).toBe(`${written} ${hostKey}`);
  expect(found(line, lookUp)).toContain(hostKey);
});

it('a key for one port is none for another', () => {
  const line = knownHostsLine({ host: 'git.test', port: 2222, hostKey });
  expect([found(line, 'git.test'), found(line, '[git.test]:2223')]).toEqual(['', '']);
});

it.each(['*', 'a,b', '!a', '@cert-authority', 'a b', 'a\nb', '|1|x|y', ''])('refuses the host %j', (host) => {
  expect(() => knownHostsLine({ host, port: 22, hostKey })).toThrow(GitGateError);
});

it.each([
  '',
  `${hostKey}\n* ${hostKey}`,
  `github.com ${hostKey}`,
  `@revoked ${hostKey}`,
  '@revoked AAAA',
  'ssh-ed25519',
])('refuses the host key %j', (bad) =>
  expect(() => knownHostsLine({ host: 'git.test', port: 22, hostKey: bad })).toThrow(/host key of git.test/),
);
