import { describe, expect, test } from 'vitest';
import { parsePushReport, toForwardResult } from '../src/mirror/push-report.ts';
import { parseRefs, sameRefs } from '../src/mirror/parse-refs.ts';

const oid = 'a'.repeat(40);

describe('the report of a push', () => {
  const outcome = (line: string): string | undefined => {
    const [report] = parsePushReport(`To ssh://upstream\n${line}\nDone\n`);
    if (report === undefined) return undefined;
    const result = toForwardResult(report);
    return result === null ? 'unknown' : result.outcome === 'accepted' ? 'accepted' : result.code;
  };

  test.each([
    [` \t${oid}:refs/heads/a\t1234567..89abcde`, 'accepted'],
    [`*\t${oid}:refs/heads/a\t[new branch]`, 'accepted'],
    [`+\t${oid}:refs/heads/a\t1234567...89abcde (forced update)`, 'accepted'],
    [`-\t:refs/heads/a\t[deleted]`, 'accepted'],
    [`=\t${oid}:refs/heads/a\t[up to date]`, 'accepted'],
    [`!\t${oid}:refs/heads/a\t[rejected] (stale info)`, 'stale_ref'],
    [`!\t${oid}:refs/heads/a\t[rejected] (fetch first)`, 'stale_ref'],
    [`!\t${oid}:refs/tags/a\t[rejected] (already exists)`, 'stale_ref'],
    [`!\t${oid}:refs/heads/a\t[remote rejected] (reference already exists)`, 'stale_ref'],
    [`!\t${oid}:refs/heads/a\t[remote rejected] (pre-receive hook declined)`, 'upstream_rejected'],
    [`!\t${oid}:refs/heads/a\t[remote rejected] (protected branch)`, 'upstream_rejected'],
    [`!\t${oid}:refs/heads/a\t[remote failure] (remote failed to report status)`, 'unknown'],
    [`!\t${oid}:refs/heads/a\tanything new`, 'unknown'],
    ['Everything up-to-date', undefined],
    ['', undefined],
  ])('%s', (line, expected) => {
    expect(outcome(line)).toBe(expected);
  });

  test('repeats the words of the upstream made visible, whole and bounded', () => {
    const line = `!\t${oid}:refs/heads/a\t[remote rejected] (no (really) \u001b[2J${'x'.repeat(5000)})`;
    const [report] = parsePushReport(line);
    const result = report === undefined ? null : toForwardResult(report);
    expect(result).toMatchObject({ why: expect.stringContaining(String.raw`no (really) \u{1b}[2J`) });
    expect(JSON.stringify(result).length).toBeLessThan(1300);
  });
});

describe('the refs of an upstream', () => {
  test('are branches and tags, without what tags point to', () => {
    const text = [
      'ref: refs/heads/main\tHEAD',
      `${oid}\tHEAD`,
      `${oid}\trefs/heads/main`,
      `${oid}\trefs/tags/v1`,
      `${oid}\trefs/tags/v1^{}`,
      `${oid}\trefs/pull/1/head`,
      `${oid}\trefs/x/refs/heads/y`,
      'nonsense',
      `${oid.slice(1)}\trefs/heads/short`,
    ].join('\n');
    const { refs, head } = parseRefs(text);
    expect([...refs.keys()]).toEqual(['refs/heads/main', 'refs/tags/v1']);
    expect(head).toBe('refs/heads/main');
  });

  test.each([
    ['no branch', 'ref: refs/tags/v1\tHEAD'],
    ['a branch that is not there', 'ref: refs/heads/none\tHEAD'],
    ['another symbolic ref', 'ref: refs/heads/main\trefs/remotes/HEAD'],
  ])('have no default branch when HEAD is %s', (_what, line) => {
    expect(parseRefs(`${line}\n${oid}\trefs/heads/main\n${oid}\trefs/tags/v1\n`).head).toBeNull();
  });

  test('are the same only with the same names and objects', () => {
    const one = new Map([['refs/heads/a', oid]]);
    expect(sameRefs(one, new Map(one))).toBe(true);
    expect(sameRefs(one, new Map())).toBe(false);
    expect(sameRefs(new Map(), one)).toBe(false);
    expect(sameRefs(one, new Map([['refs/heads/b', oid]]))).toBe(false);
    expect(sameRefs(one, new Map([['refs/heads/a', 'b'.repeat(40)]]))).toBe(false);
  });
});
