import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { branchMatcher, defaultProtectedPaths, pathMatcher } from '@bot-bottle/git-gate';
import { matchSequence } from '../src/globs/match-sequence.ts';

describe('a branch', () => {
  it.each([
    ['**', 'a/b/c'],
    ['agent/**', 'agent/x'],
    ['agent/**', 'agent/x/y'],
    ['agent/**', 'agent'],
    ['agent/', 'agent/x'],
    ['agent/*', 'agent/x'],
    ['agent/*/fix', 'agent/x/fix'],
    ['**/fix', 'fix'],
    ['**/fix', 'a/b/fix'],
    ['a/**/z', 'a/z'],
    ['a/**/z', 'a/b/c/z'],
    ['fix-*', 'fix-'],
    ['a*b*c', 'aXbYbZc'],
    ['v?', 'v1'],
    ['/main', 'main'],
    ['a+(b)|.c', 'a+(b)|.c'],
  ])('fits %s: %s', (glob, branch) => expect(branchMatcher([glob])(branch)).toBe(true));

  it.each([
    ['agent/**', 'agents/x'],
    ['agent/**', 'xagent/x'],
    ['agent/*', 'agent/x/y'],
    ['agent/*', 'agent'],
    ['*', 'a/b'],
    ['**/fix', 'a/fixed'],
    ['a/**/z', 'a/b/y'],
    ['a**', 'a/b'],
    ['main', 'Main'],
    ['main', 'main2'],
    ['release.1', 'releaseX1'],
    ['', 'main'],
  ])('does not fit %s: %s', (glob, branch) => expect(branchMatcher([glob])(branch)).toBe(false));

  it('fits nothing when there is no glob', () => expect(branchMatcher([])('main')).toBe(false));
});

describe('the built-in list protects', () => {
  const isProtected = pathMatcher(null);

  it.each([
    '.github/workflows/ci.yml',
    '.GitHub/Workflows/CI.yml',
    '.github/workflow\u017F/ci.yml',
    '.git\u200Chub/workflows/ci.yml',
    '.github',
    '.github/workflows',
    '.gitea/workflows/x/y.yaml',
    '.forgejo/workflows/x.yml',
    '.gitlab-ci.yml',
    'templates/build.gitlab-ci.yml',
    '.circleci/config.yml',
    'Jenkinsfile',
    'services/a/Jenkinsfile',
    'Jenkinsfile.release',
    '.travis.yml',
    'azure-pipelines.yml',
    'ci/azure-pipelines-release.yaml',
    'bitbucket-pipelines.yml',
    '.drone.star',
    '.woodpecker/build.yaml',
    '.buildkite/pipeline.yml',
    'appveyor.yml',
    'deploy/cloudbuild.yaml',
    '.gitmodules',
    '.gitattributes',
    'deep/down/.gitattributes',
    '.githooks/pre-push',
    '.husky',
    '.husky/pre-commit',
    '.pre-commit-config.yaml',
    'lefthook.yml',
    'lefthook-local.toml',
    '.config/lefthook.json',
    '.config',
  ])('%s', (path) => expect(isProtected(path)).toBe(true));

  it.each([
    'README.md',
    'src/index.ts',
    '.github/CODEOWNERS',
    '.github/ISSUE_TEMPLATE.md',
    'docs/.github/workflows/ci.yml',
    'docs/.gitmodules',
    'src/hooks/use-state.ts',
    'Jenkinsfiles.md',
    'not.gitattributes',
    '.config/other.json',
  ])('not %s', (path) => expect(isProtected(path)).toBe(false));

  it('nothing twice', () => expect(new Set(defaultProtectedPaths).size).toBe(defaultProtectedPaths.length));
});

describe('own protected paths', () => {
  it('take the place of the built-in list', () => {
    const isProtected = pathMatcher(['deploy/**']);
    expect([isProtected('deploy/prod.sh'), isProtected('.gitmodules')]).toEqual([true, false]);
  });

  it('protect nothing when there are none', () => expect(pathMatcher([])('.gitmodules')).toBe(false));

  it('hold for a link in the place of a folder, but not for its neighbours', () => {
    const isProtected = pathMatcher(['a/b/*.sh', '*/c/d']);
    expect(['a', 'a/b', 'a/c', 'x', 'x/c'].map(isProtected)).toEqual([true, true, false, false, false]);
  });
});

/** The definition, tried in every way. */
function naive(glob: readonly string[], name: readonly string[], wild: string): boolean {
  const [first, ...rest] = glob;
  if (first === undefined) return name.length === 0;
  if (first === wild) return name.some((_, at) => naive(rest, name.slice(at), wild)) || naive(rest, [], wild);
  if (name.length === 0) return false;
  const [item = '', ...others] = name;
  const fits = wild === '*' ? first === '?' || first === item : naive(first.split(''), item.split(''), '*');
  return fits && naive(rest, others, wild);
}

it('any glob fits what its definition says', () => {
  const segment = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), minLength: 1, maxLength: 5 });
  const glob = fc.array(
    fc.oneof(
      segment.filter((text) => text !== '**'),
      fc.constant('**'),
    ),
    {
      minLength: 1,
      maxLength: 5,
    },
  );
  const name = fc.array(fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 5 }), {
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(
    fc.property(glob, name, (pattern, segments) => {
      const path = segments.join('/');
      expect(branchMatcher([pattern.join('/')])(path)).toBe(naive(pattern, segments, '**'));
    }),
    { numRuns: 5000 },
  );
});

it('the worst glob costs no more than its length times that of the name', () => {
  const pattern = '*a'.repeat(200).split('').concat('b');
  const items = Array.from({ length: 4000 }, () => 'a');
  let steps = 0;
  const found = matchSequence(
    pattern,
    items,
    (one) => one === '*',
    (one, item) => {
      steps += 1;
      return one === item;
    },
  );
  expect(found).toBe(false);
  expect(steps).toBeLessThan(pattern.length * items.length);
});
