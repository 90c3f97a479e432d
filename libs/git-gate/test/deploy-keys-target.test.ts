import { expect, test } from 'vitest';
import { keysUrl, type ForgeTarget } from '../src/deploy-keys/forge-target.ts';

const target = (changes: Partial<ForgeTarget>): ForgeTarget => ({
  provider: 'gitea',
  host: 'git.example',
  apiUrl: null,
  repoPath: '/owner/name.git',
  tokenRef: 'T',
  ...changes,
});

test.each<[string, Partial<ForgeTarget>, string]>([
  ['gitea', {}, 'https://git.example/api/v1/repos/owner/name/keys'],
  ['github.com', { provider: 'github', host: 'github.com' }, 'https://api.github.com/repos/owner/name/keys'],
  [
    'ssh.github.com',
    { provider: 'github', host: 'ssh.github.com' },
    'https://api.github.com/repos/owner/name/keys',
  ],
  ['an Enterprise Server', { provider: 'github' }, 'https://git.example/api/v3/repos/owner/name/keys'],
  [
    'gitlab.com',
    { provider: 'gitlab', host: 'gitlab.com' },
    'https://gitlab.com/api/v4/projects/owner%2Fname/deploy_keys',
  ],
  [
    'altssh.gitlab.com',
    { provider: 'gitlab', host: 'altssh.gitlab.com' },
    'https://gitlab.com/api/v4/projects/owner%2Fname/deploy_keys',
  ],
  [
    'nested groups',
    { provider: 'gitlab', repoPath: 'a/b/c/' },
    'https://git.example/api/v4/projects/a%2Fb%2Fc/deploy_keys',
  ],
  [
    'an api_url',
    { apiUrl: 'https://x.example:8443/git/api/v1/' },
    'https://x.example:8443/git/api/v1/repos/owner/name/keys',
  ],
  [
    'http on loopback',
    { apiUrl: 'http://127.0.0.1:3000/api/v1' },
    'http://127.0.0.1:3000/api/v1/repos/owner/name/keys',
  ],
  ['odd characters', { repoPath: '/o?x/n#y' }, 'https://git.example/api/v1/repos/o%3Fx/n%23y/keys'],
])('%s', (_name, changes, url) => {
  expect(keysUrl(target(changes)).href).toBe(url);
});

test.each<[string, Partial<ForgeTarget>]>([
  ['http elsewhere', { apiUrl: 'http://git.example/api/v1' }],
  ['http on what only looks like loopback', { apiUrl: 'http://127.0.0.1.evil.example/api/v1' }],
  ['another scheme', { apiUrl: 'file:///etc/passwd' }],
  ['credentials', { apiUrl: 'https://me:secret@git.example/api/v1' }],
  ['a query', { apiUrl: 'https://git.example/api/v1?x=' }],
  ['a host that escapes', { host: 'git.example/evil?' }],
  ['dots that climb', { repoPath: '/owner/..' }],
  ['dots that climb in the middle', { provider: 'gitlab', repoPath: '/a/../b' }],
  ['one segment', { repoPath: '/name.git' }],
  ['three segments at Gitea', { repoPath: '/a/b/c' }],
])('%s is refused', (_name, changes) => {
  expect(() => keysUrl(target(changes))).toThrow(expect.objectContaining({ code: 'invalid_target' }));
});
