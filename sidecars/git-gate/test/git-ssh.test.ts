import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGit } from '../src/git/create-git.ts';
import { controlPath } from '../src/ssh/control-socket.ts';
import { shellQuote } from '../src/ssh/shell-quote.ts';
import { sshVariables } from '../src/ssh/ssh-command.ts';
import { upstreamUrl } from '../src/ssh/upstream-url.ts';
import { output } from './support/run-program.ts';
import { findProgram } from './support/required.ts';

const git = findProgram('git');
const ssh = findProgram('ssh');

describe('quoting for the shell', () => {
  test.each([["it's", '$(id)', '`id`', '\\', '"', ' ', '', '*', '-o', ';', '\n', '!', '~'], ['plain']])(
    'gives %s back as they were',
    async (...words) => {
      const script = `for word in ${shellQuote(words)}; do printf '%s\\0' "$word"; done`;
      expect(await output('/bin/sh', ['-c', script])).toBe(words.map((word) => `${word}\0`).join(''));
    },
  );

  test('holds for any text', async () => {
    const word = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0') && text.isWellFormed());
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 5 }), async (words) => {
        const script = `set -- ${shellQuote(words)}\nfor word; do printf '%s\\0' "$word"; done`;
        expect(await output('/bin/sh', ['-c', script])).toBe(words.map((text) => `${text}\0`).join(''));
      }),
      { numRuns: 50 },
    );
  });
});

describe('the URL of an upstream', () => {
  const repo = { user: 'git', host: 'forge.example', port: 22, path: '/team/project.git' };

  test('is made of its parts', () => {
    expect(upstreamUrl(repo)).toBe('ssh://git@forge.example:22/team/project.git');
    expect(upstreamUrl({ ...repo, host: '2001:db8::1', port: 2222 })).toBe(
      'ssh://git@[2001:db8::1]:2222/team/project.git',
    );
    expect(upstreamUrl({ ...repo, host: '[2001:db8::1]' })).toBe(
      'ssh://git@[2001:db8::1]:22/team/project.git',
    );
  });

  test.each([
    [{ host: '-oProxyCommand=touch /tmp/x' }],
    [{ host: 'host -oProxyCommand=x' }],
    [{ host: 'a/b' }],
    [{ user: '-oProxyCommand=x' }],
    [{ user: 'git@other' }],
    [{ user: '' }],
    [{ path: '--upload-pack=touch /tmp/x' }],
    [{ path: "/a'; touch /tmp/x; '" }],
    [{ path: '/a\nb' }],
    [{ port: 0 }],
    [{ port: Number.NaN }],
  ])('refuses %o', (change) => {
    expect(() => upstreamUrl({ ...repo, ...change })).toThrow();
  });
});

describe.skipIf(git === null || ssh === null)('what ssh gets', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp('/tmp/git-gate-ssh-');
  });
  afterAll(async () => await rm(folder, { recursive: true, force: true }));

  /** Arguments of a program that git starts in place of ssh. */
  async function argumentsOf(host: string, keyFolder = 'keys'): Promise<string[]> {
    const fake = join(folder, "it's ssh");
    await writeFile(fake, '#!/bin/sh\nfor word; do printf \'%s\\0\' "$word"; done > "$0.args"\nexit 1\n');
    await chmod(fake, 0o755);
    const runner = createGit({ git: git ?? '', home: folder });
    const file = (name: string): string => join(folder, keyFolder, name);
    const env = sshVariables({
      ssh: fake,
      keyFile: file('key'),
      knownHostsFile: file('known'),
      socket: file('mux'),
    });
    const url = upstreamUrl({ user: 'git', host, port: 2222, path: '/a.git' });
    await runner.run({ args: ['ls-remote', '--', url], view: null, env, timeoutMs: 30_000 });
    return (await readFile(`${fake}.args`, 'utf8')).split('\0').slice(0, -1);
  }

  test('is one key, one host key, no question and nothing of the machine', async () => {
    const words = await argumentsOf('forge.example');
    expect(words.slice(0, 4)).toEqual(['-F', '/dev/null', '-i', join(folder, 'keys/key')]);
    for (const option of [
      `UserKnownHostsFile="${join(folder, 'keys/known')}"`,
      'GlobalKnownHostsFile=/dev/null',
      'StrictHostKeyChecking=yes',
      'IdentitiesOnly=yes',
      'IdentityAgent=none',
      'BatchMode=yes',
      'ConnectTimeout=10',
      'ForwardAgent=no',
      'ClearAllForwardings=yes',
      'UpdateHostKeys=no',
      'PasswordAuthentication=no',
    ]) {
      expect(words[words.indexOf(option) - 1], option).toBe('-o');
    }
    expect(words.slice(-3, -1)).toEqual(['2222', 'git@forge.example']);
  });

  test('is understood by the real ssh, paths with blanks and quotes as well', async () => {
    const words = await argumentsOf('forge.example', "a 'b' c");
    const shown = await output(ssh ?? '', ['-G', ...words.slice(0, words.indexOf('git@forge.example') + 1)]);
    const value = (name: string): string | undefined =>
      shown
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.slice(name.length + 1);
    expect(value('userknownhostsfile')).toContain(join(folder, "a 'b' c", 'known'));
    expect(value('controlpath')).toBe(join(folder, "a 'b' c", 'mux'));
    expect([
      value('stricthostkeychecking'),
      value('batchmode'),
      value('identitiesonly'),
      value('port'),
    ]).toEqual(['true', 'yes', 'yes', '2222']);
  });

  test('shares no connection where the path of the socket would be too long', () => {
    expect(controlPath('/run/keys', 'project')).toMatch(/^\/run\/keys\/[0-9a-f]{12}\.mux$/);
    expect(controlPath(`/${'x'.repeat(90)}`, 'project')).toBeNull();
    const { GIT_SSH_COMMAND } = sshVariables({
      ssh: '/usr/bin/ssh',
      keyFile: '/k',
      knownHostsFile: '/h',
      socket: null,
    });
    expect(GIT_SSH_COMMAND).toContain("'ControlMaster=no'");
  });
});
