import { describe, expect, it } from 'vitest';
import {
  type CheckName,
  checkNames,
  decidePush,
  type PushFacts,
  type PushPolicy,
  pushChecks,
} from '@bot-bottle/git-gate';
import {
  created,
  defaultPolicy,
  deleted,
  finding,
  goodPush,
  oid,
  rewritten,
  updated,
} from './policy-samples.ts';

interface Case {
  readonly name: string;
  readonly policy?: Partial<PushPolicy>;
  readonly facts?: Partial<PushFacts>;
}

const decide = ({ policy, facts }: Omit<Case, 'name'>, supervise = true, approved = false) =>
  decidePush({ ...defaultPolicy, ...policy }, { ...goodPush, ...facts }, { supervise, approved });

const allowed: readonly Case[] = [
  { name: 'a new branch' },
  { name: 'a fast-forward', facts: { refs: [updated('refs/heads/agent/fix')] } },
  { name: 'a branch that a glob names', policy: { branches: ['x', 'agent/**'] } },
  {
    name: 'the first branch of an empty upstream',
    facts: { refs: [created('refs/heads/main')], defaultBranch: null },
  },
  { name: 'a tag where tags are', policy: { tags: true }, facts: { refs: [created('refs/tags/v1')] } },
  { name: 'a rewrite where force is', policy: { force: true }, facts: { refs: [rewritten('refs/heads/a')] } },
  {
    name: 'a moved tag where tags and force are',
    policy: { tags: true, force: true },
    facts: { refs: [updated('refs/tags/v1')] },
  },
  {
    name: 'a deletion where delete is',
    policy: { delete: true },
    facts: { refs: [deleted('refs/heads/a')] },
  },
  {
    name: 'a deleted tag where tags and delete are',
    policy: { tags: true, delete: true },
    facts: { refs: [deleted('refs/tags/v1')] },
  },
  {
    name: 'the default branch where it is not protected',
    policy: { protect_default: false },
    facts: { refs: [updated('refs/heads/main')] },
  },
  {
    name: 'the default branch left where it is',
    facts: { refs: [{ ref: 'refs/heads/main', oldOid: oid(1), newOid: oid(1), fastForward: true }] },
  },
  { name: 'paths that nothing protects', facts: { touched: [{ path: 'src/a.ts', commit: oid(1) }] } },
  {
    name: 'workflows where the manifest protects nothing',
    policy: { protected_paths: [] },
    facts: { touched: [{ path: '.github/workflows/ci.yml', commit: oid(1) }] },
  },
  { name: 'anything harmless where nobody is ever asked', policy: { approve: 'never' } },
];

const refused: ReadonlyArray<
  Case & { readonly check: CheckName; readonly code: string; readonly subject: string }
> = [
  {
    name: 'a push option',
    facts: { pushOptions: ['ci.skip=secret value'] },
    check: 'options',
    code: 'push_option_refused',
    subject: 'ci.skip',
  },
  {
    name: 'one byte too many',
    facts: { bytes: 1001 },
    check: 'size',
    code: 'push_policy_size',
    subject: 'this push',
  },
  {
    name: 'no number of bytes',
    facts: { bytes: NaN },
    check: 'size',
    code: 'push_policy_size',
    subject: 'this push',
  },
  ...[
    'refs/notes/commits',
    'refs/pull/1/head',
    'refs/for/main',
    'HEAD',
    'refs/heads/',
    'refs/heads/../../config',
    'refs/heads/a.lock',
    'refs/heads/a b',
    'refs/heads/a\u0007',
    'refs/heads/-x',
    'refs/heads/HEAD',
    'refs/heads/\uFFFD',
    'refs/Heads/main',
  ].map((ref) => ({
    name: `the ref ${JSON.stringify(ref)}`,
    facts: { refs: [created(ref)] },
    check: 'refs' as const,
    code: 'push_policy_branch',
    subject: ref,
  })),
  ...[created, updated, rewritten, deleted].map((change) => ({
    name: `another name of a branch (${change.name})`,
    policy: { protect_default: false, force: true, delete: true },
    facts: {
      refs: [change('refs/heads/master')],
      symbolicRefs: new Map([['refs/heads/master', 'refs/heads/main']]),
    },
    check: 'refs' as const,
    code: 'push_policy_branch',
    subject: 'refs/heads/master',
  })),
  {
    name: 'a ref that is pushed twice',
    facts: { refs: [created('refs/heads/a'), deleted('refs/heads/a')] },
    check: 'refs',
    code: 'push_policy_branch',
    subject: 'refs/heads/a',
  },
  ...[created, updated, deleted].map((change) => ({
    name: `a branch that no glob names (${change.name})`,
    policy: { branches: ['agent/**'], delete: true },
    facts: { refs: [change('refs/heads/release')] },
    check: 'branches' as const,
    code: 'push_policy_branch',
    subject: 'refs/heads/release',
  })),
  {
    name: 'any branch where none is',
    policy: { branches: [] },
    check: 'branches',
    code: 'push_policy_branch',
    subject: 'refs/heads/agent/fix',
  },
  {
    name: 'a tag',
    facts: { refs: [created('refs/tags/v1')] },
    check: 'tags',
    code: 'push_policy_tag',
    subject: 'refs/tags/v1',
  },
  {
    name: 'a deletion',
    facts: { refs: [deleted('refs/heads/a')] },
    check: 'delete',
    code: 'push_policy_delete',
    subject: 'refs/heads/a',
  },
  {
    name: 'a deleted tag where only tags are',
    policy: { tags: true },
    facts: { refs: [deleted('refs/tags/v1')] },
    check: 'delete',
    code: 'push_policy_delete',
    subject: 'refs/tags/v1',
  },
  {
    name: 'a deleted default branch, whatever else is allowed',
    policy: { delete: true, force: true, protect_default: false },
    facts: { refs: [deleted('refs/heads/main')] },
    check: 'delete',
    code: 'push_policy_delete',
    subject: 'refs/heads/main',
  },
  {
    name: 'a rewrite',
    facts: { refs: [rewritten('refs/heads/a')] },
    check: 'force',
    code: 'push_policy_force',
    subject: 'refs/heads/a',
  },
  {
    name: 'a tag moved forward where only tags are',
    policy: { tags: true },
    facts: { refs: [updated('refs/tags/v1')] },
    check: 'force',
    code: 'push_policy_force',
    subject: 'refs/tags/v1',
  },
  {
    name: 'hidden objects',
    facts: { hiddenObjects: 1 },
    check: 'hidden',
    code: 'hidden_objects',
    subject: 'this push',
  },
  {
    name: 'an unknown number of hidden objects',
    facts: { hiddenObjects: NaN },
    check: 'hidden',
    code: 'hidden_objects',
    subject: 'this push',
  },
  {
    name: 'a secret',
    facts: { findings: [finding] },
    check: 'findings',
    code: 'secret_found',
    subject: 'src/a.ts:12',
  },
  {
    name: 'a secret in a message',
    facts: { findings: [{ ...finding, objectType: 'commit', path: null, line: 3 }] },
    check: 'findings',
    code: 'secret_found',
    subject: 'commit 333333333333:3',
  },
  {
    name: 'a secret in a file name',
    facts: { findings: [{ ...finding, objectType: 'tree', path: 'src', line: 1 }] },
    check: 'findings',
    code: 'secret_found',
    subject: 'a name in src',
  },
  {
    name: 'a secret in a ref name',
    facts: { findings: [{ ...finding, objectType: 'ref', path: null, oid: null, line: 1 }] },
    check: 'findings',
    code: 'secret_found',
    subject: 'a ref name',
  },
];

const asked: ReadonlyArray<
  Case & { readonly check: CheckName; readonly code: string; readonly subject: string }
> = [
  {
    name: 'a marked secret',
    facts: { findings: [{ ...finding, marked: true }] },
    check: 'marked-findings',
    code: 'secret_found',
    subject: 'src/a.ts:12',
  },
  ...[updated, created].map((change) => ({
    name: `the default branch (${change.name})`,
    facts: { refs: [change('refs/heads/main')] },
    check: 'default-branch' as const,
    code: 'push_policy_branch',
    subject: 'refs/heads/main',
  })),
  {
    name: 'the default branch rewritten where force is',
    policy: { force: true },
    facts: { refs: [rewritten('refs/heads/main')] },
    check: 'default-branch',
    code: 'push_policy_branch',
    subject: 'refs/heads/main',
  },
  {
    name: 'a workflow, in whatever case',
    facts: { touched: [{ path: '.GitHub/workflows/ci.yml', commit: oid(5) }] },
    check: 'protected-paths',
    code: 'push_policy_path',
    subject: '.GitHub/workflows/ci.yml',
  },
  {
    name: 'everything where everything is asked',
    policy: { approve: 'always' },
    check: 'approve-always',
    code: 'push_policy_branch',
    subject: 'this push',
  },
];

const concerns = (decision: ReturnType<typeof decide>) =>
  decision.records.filter(({ result }) => result !== 'allowed');

it('the checks run in the order of their names', () => {
  expect(pushChecks.map(({ name }) => name)).toEqual(checkNames);
});

it.each(allowed)('allowed: $name', (one) => {
  const decision = decide(one);
  expect(decision.outcome).toBe('allowed');
  expect(decision.records).toEqual(checkNames.map((check) => ({ check, result: 'allowed' })));
});

it.each(refused)('refused: $name', ({ check, code, subject, ...one }) => {
  const decision = decide(one);
  expect(decision.outcome).toBe('refused');
  expect(concerns(decision)).toContainEqual({
    check,
    code,
    subject,
    result: 'refused',
    why: expect.any(String),
  });
});

it.each(refused)('refused though a human said yes: $name', (one) => {
  expect(decide(one, true, true).outcome).toBe('refused');
});

it.each(asked)('asked: $name', ({ check, code, subject, ...one }) => {
  const decision = decide(one);
  expect(decision.outcome).toBe('needs-approval');
  expect(concerns(decision)).toEqual([
    { check, code, subject, result: 'needs-approval', why: expect.any(String) },
  ]);
});

it.each(asked)('allowed once a human said yes: $name', (one) => {
  expect(decide(one, true, true).outcome).toBe('allowed');
});

it.each(asked)('refused where nobody can be asked, yes or no: $name', ({ check, code, subject, ...one }) => {
  for (const approved of [false, true]) {
    const decision = decide(one, false, approved);
    expect(decision.outcome).toBe('refused');
    const why = expect.stringContaining('supervise is false; the operator can set it to true');
    expect(concerns(decision)).toEqual([{ check, code, subject, result: 'refused', why }]);
  }
});

it.each(asked.filter(({ check }) => check !== 'approve-always'))(
  'refused where nobody is ever asked: $name',
  ({ check, code, subject, policy, facts }) => {
    const decision = decide({ policy: { ...policy, approve: 'never' }, facts: facts ?? {} }, true, true);
    const why = expect.stringContaining('push.approve is never; the operator can set on_finding');
    expect(concerns(decision)).toEqual([{ check, code, subject, result: 'refused', why }]);
  },
);

describe('a push with many faults', () => {
  it('is told all of them at once', () => {
    const facts = {
      refs: [rewritten('refs/heads/main'), created('refs/tags/v1'), deleted('refs/heads/x')],
      bytes: 2000,
      findings: [finding, { ...finding, line: 13 }],
      pushOptions: ['a'],
    };
    const checks = concerns(decide({ facts })).map(({ check }) => check);
    expect(checks).toEqual([
      'options',
      'size',
      'tags',
      'delete',
      'force',
      'findings',
      'findings',
      'default-branch',
    ]);
  });

  it('names each protected path once, with its first commit', () => {
    const touched = [5, 6, 7].map((digit) => ({ path: '.gitmodules', commit: oid(digit) }));
    expect(concerns(decide({ facts: { touched } }))).toMatchObject([
      { subject: '.gitmodules', why: 'a protected path, changed in commit 555555555555 and others' },
    ]);
  });
});

it('no record holds the line of a finding or the value of a push option', () => {
  const facts = { findings: [{ ...finding, masked: 'beside it: hunter2' }], pushOptions: ['x=hunter2'] };
  expect(JSON.stringify(decide({ facts }))).not.toContain('hunter2');
});
