import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isPushableName } from '../src/policy/ref-name.ts';

function gitAccepts(ref: string): boolean {
  try {
    execFileSync('git', ['check-ref-format', ref], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

it.each([
  'refs/heads/a',
  'refs/heads/a/b.c',
  'refs/heads/@',
  'refs/heads/ä',
  'refs/heads/a@b',
  'refs/tags/HEAD',
])('may be pushed: %s', (ref) => expect([isPushableName(ref), gitAccepts(ref)]).toEqual([true, true]));

it('every name that git refuses is refused, and of the others only those that are unsafe as a short name', () => {
  const part = fc.constantFrom(
    'a',
    '.',
    '..',
    '/',
    '//',
    '@',
    '{',
    '@{',
    '~',
    '^',
    ':',
    '?',
    '*',
    '[',
    '\\',
    ' ',
    '-',
  );
  const name = fc
    .array(fc.oneof(part, fc.constantFrom('.lock', 'HEAD', '\u007F', '\u0001', 'é')), {
      minLength: 1,
      maxLength: 5,
    })
    .map((parts) => `refs/heads/${parts.join('')}`);
  fc.assert(
    fc.property(name, (ref) => {
      const short = ref.slice('refs/heads/'.length);
      const unsafe = short.startsWith('-') || short === 'HEAD';
      expect(isPushableName(ref)).toBe(gitAccepts(ref) && !unsafe);
    }),
    { numRuns: 300 },
  );
});
