import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GitGateError, gateRepos, gateUrl, gitVariables, renderGitConfig } from '@bot-bottle/git-gate';
import { manifestFromObject } from '@bot-bottle/manifest';
import { urlForms } from '../src/git-config/url-forms.ts';

const nobody = { name: null, email: null };

/** Repositories as the manifest reads them: name → URL. */
function declare(urls: Readonly<Record<string, string>>) {
  const repos = Object.fromEntries(
    Object.entries(urls).map(([name, url]) => [name, { url, identity: '~/key' }]),
  );
  const manifest = manifestFromObject({ bottles: { b: { 'git-gate': { repos } } } });
  return gateRepos(manifest.bottle('b').gitGate.repos).repos;
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync('/tmp/git-gate-config-');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What stock git makes of URLs, with nothing but our file. */
function rewrite(config: string, urls: readonly string[]): string[] {
  const file = join(folder, 'gitconfig');
  writeFileSync(file, config);
  const env = { PATH: process.env['PATH'], HOME: folder, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: file };
  return urls.map((url) =>
    execFileSync('git', ['ls-remote', '--get-url', url], { cwd: folder, env, encoding: 'utf8' }).trimEnd(),
  );
}

const rewritten = (urls: Readonly<Record<string, string>>, asked: readonly string[]): string[] =>
  rewrite(renderGitConfig(gitVariables(declare(urls), nobody)), asked);

describe('git is led to the gate', () => {
  it.each([
    'ssh://git@github.com/org/app.git',
    'ssh://git@github.com/org/app',
    'ssh://git@github.com:22/org/app.git',
    'ssh://git@github.com:22/org/app',
    'git@github.com:org/app.git',
    'git@github.com:org/app',
    'git@github.com:/org/app.git',
    'git@github.com:/org/app',
  ])('by %s, however the manifest writes it', (asked) => {
    for (const url of ['ssh://git@github.com/org/app.git', 'ssh://git@github.com:22/org/app']) {
      expect(rewritten({ app: url }, [asked])).toEqual([gateUrl('app')]);
    }
  });

  it('by the host as the manifest writes it', () => {
    const asked = ['ssh://git@GitHub.com/a/b', 'git@GitHub.com:a/b.git', 'git@github.com:a/b'];
    expect(rewritten({ b: 'ssh://git@GitHub.com/a/b.git' }, asked)).toEqual(asked.map(() => gateUrl('b')));
  });

  it('by an IPv6 address in brackets', () => {
    const asked = [
      'ssh://git@[fd00::1]/x.git',
      'ssh://git@[fd00::1]:22/x',
      'git@[fd00::1]:x.git',
      'git@[fd00::1]:/x',
    ];
    expect(rewritten({ x: 'ssh://git@[fd00::1]/x.git' }, asked)).toEqual(asked.map(() => gateUrl('x')));
  });

  it('by a path in a home folder, in each form', () => {
    const asked = ['ssh://u@host.test/~/x', 'u@host.test:~/x', 'u@host.test:/~/x.git', 'u@host.test:x'];
    expect(rewritten({ x: 'ssh://u@host.test/~/x' }, asked)).toEqual(asked.map(() => gateUrl('x')));
  });

  it('by a URL with a slash at its end', () => {
    const asked = ['ssh://u@host.test/x', 'ssh://u@host.test/x.git'];
    expect(rewritten({ x: 'ssh://u@host.test/x/' }, asked)).toEqual(asked.map(() => gateUrl('x')));
  });
});

describe('git is not led to the gate', () => {
  it.each([
    'ssh://git@host.test/org/app.git',
    'ssh://git@host.test:22/org/app.git',
    'git@host.test:org/app.git',
    'ssh://git@host.test:2223/org/app.git',
    'ssh://root@host.test:2222/org/app.git',
    'ssh://git@evil.test:2222/org/app.git',
    'https://host.test/org/app.git',
  ])('by %s when another port is declared', (asked) => {
    expect(rewritten({ app: 'ssh://git@host.test:2222/org/app.git' }, [asked])).toEqual([asked]);
  });

  it('by a neighbour below a repository without a name', () => {
    const asked = ['ssh://git@host.test/x/other', 'ssh://git@host.test/other'];
    expect(rewritten({ dot: 'ssh://git@host.test/x/.git' }, asked)).toEqual(asked);
  });
});

describe('repositories keep apart', () => {
  it('when one URL begins with the other', () => {
    const urls = {
      a: 'ssh://git@h.test/org/x',
      ab: 'ssh://git@h.test/org/xy',
      deep: 'ssh://git@h.test/org/x/y',
    };
    const asked = [
      'git@h.test:org/x.git',
      'git@h.test:org/xy.git',
      'git@h.test:org/xy',
      'ssh://git@h.test/org/x/y.git',
    ];
    expect(rewritten(urls, asked)).toEqual(['a', 'ab', 'ab', 'deep'].map(gateUrl));
  });

  it('when they differ in nothing but .git', () => {
    const urls = { plain: 'ssh://git@h.test/x', dotted: 'ssh://git@h.test/x.git' };
    const asked = ['git@h.test:/x', 'git@h.test:/x.git', 'git@h.test:x.git', 'ssh://git@h.test:22/x'];
    expect(rewritten(urls, asked)).toEqual(['plain', 'dotted', 'dotted', 'plain'].map(gateUrl));
  });

  it('when one is in the home folder and one at the top, where git itself makes the difference', () => {
    const urls = { home: 'ssh://u@h.test/~/x', top: 'ssh://u@h.test/x' };
    expect(rewritten(urls, ['u@h.test:x', 'u@h.test:/x'])).toEqual(['home', 'top'].map(gateUrl));
  });

  it('and the first by name has a URL that two of them declare', () => {
    const url = 'ssh://git@h.test/x';
    expect(rewritten({ b: url, a: url }, ['git@h.test:x'])).toEqual([gateUrl('a')]);
  });
});

const segment = fc.constantFrom('a', 'ab', 'a.git', 'b', '~', '~u', '.git', '22', 'a-b');
const url = fc
  .record({
    user: fc.constantFrom('git', 'gi'),
    host: fc.constantFrom('h.test', 'H.test', 'h.tes', '[fd00::1]'),
    port: fc.constantFrom('', ':22', ':2222', ':222'),
    path: fc.array(segment, { minLength: 1, maxLength: 3 }),
    end: fc.constantFrom('', '.git', '/'),
  })
  .map(({ user, host, port, path, end }) => `ssh://${user}@${host}${port}/${path.join('/')}${end}`);
const set = fc
  .uniqueArray(url, { minLength: 1, maxLength: 6 })
  .map((urls) => Object.fromEntries(urls.map((one, index) => [`r${index}`, one])));

/** The rule of git-config(1): the longest `insteadOf` that the URL starts with. */
function longestMatch(variables: ReturnType<typeof gitVariables>, asked: string): string {
  const [best] = variables
    .filter(({ value }) => value !== null && asked.startsWith(value))
    .toSorted((a, b) => (b.value?.length ?? 0) - (a.value?.length ?? 0));
  return best === undefined ? asked : `${best.subsection}${asked.slice(best.value?.length)}`;
}

it('every declared URL and each way to write it leads to its own repository, whatever the others are', () => {
  fc.assert(
    fc.property(set, (urls) => {
      const repos = declare(urls);
      const variables = gitVariables(repos, nobody);
      const values = variables.map(({ value }) => value);
      expect(new Set(values).size).toBe(values.length);
      const declaredBy = new Map<string, string>();
      for (const repo of repos) {
        for (const form of urlForms(repo).exact) if (!declaredBy.has(form)) declaredBy.set(form, repo.name);
      }
      for (const [form, name] of declaredBy) expect(longestMatch(variables, form)).toBe(gateUrl(name));
      for (const repo of repos) {
        for (const form of urlForms(repo).alias) {
          const owners = repos
            .filter((other) => urlForms(other).alias.includes(form))
            .map(({ name }) => name);
          const expected = declaredBy.has(form) ? [declaredBy.get(form) ?? ''] : owners;
          expect(expected.map(gateUrl)).toContain(longestMatch(variables, form));
        }
      }
    }),
    { numRuns: 300 },
  );
});

it('stock git follows the rule that the file was made for', () => {
  fc.assert(
    fc.property(set, url, (urls, stranger) => {
      const variables = gitVariables(declare(urls), nobody);
      const asked = [stranger, ...fc.sample(fc.constantFrom(...Object.values(urls)), 2)];
      expect(rewrite(renderGitConfig(variables), asked)).toEqual(
        asked.map((one) => longestMatch(variables, one)),
      );
    }),
    { numRuns: 40 },
  );
});

describe('the file', () => {
  it('holds the rewrites and the identity, and nothing else', () => {
    const variables = gitVariables(declare({ x: 'ssh://git@h.test:2222/x.git' }), {
      name: 'A "B" \\',
      email: 'a@b',
    });
    expect(renderGitConfig(variables)).toBe(
      [
        '[url "http://git-gate:9420/x.git"]',
        '\tinsteadOf = "ssh://git@h.test:2222/x.git"',
        '\tinsteadOf = "ssh://git@h.test:2222/x"',
        '[user]',
        '\tname = "A \\"B\\" \\\\"',
        '\temail = "a@b"',
        '',
      ].join('\n'),
    );
  });

  it('is empty without repositories and identity', () => {
    expect(renderGitConfig(gitVariables([], nobody))).toBe('');
  });

  it.each(['x\n[core]\n\tsshCommand = evil', 'x\ry', 'x\0y'])('refuses the name %j', (name) => {
    let thrown: unknown;
    try {
      gitVariables([], { name, email: null });
    } catch (error) {
      thrown = error;
    }
    expect(GitGateError.isInstance(thrown) && thrown.code).toBe('invalid_value');
  });

  it('refuses a URL with a line break that did not come from a manifest', () => {
    const repos = [{ name: 'x', url: 'ssh://a@b/c\n[core]', user: 'a', host: 'b', port: 22, path: '/c' }];
    expect(() => gitVariables(repos, nobody)).toThrow(/line break/);
  });

  it('gives every identity to git as it is', () => {
    const text = fc
      .string({ unit: 'binary', maxLength: 30 })
      .filter((one) => !/[\n\r\0\uD800-\uDFFF]/.test(one));
    fc.assert(
      fc.property(text, (name) => {
        const file = join(folder, 'identity');
        writeFileSync(file, renderGitConfig(gitVariables([], { name, email: null })));
        const args = ['config', '--file', file, '--null', 'user.name'];
        expect(execFileSync('git', args, { encoding: 'utf8' })).toBe(`${name}\0`);
      }),
      { numRuns: 20 },
    );
  });
});
