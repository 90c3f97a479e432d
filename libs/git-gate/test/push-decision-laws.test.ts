import { denialCodes } from '@bot-bottle/audit';
import {
  checkNames,
  decidePush,
  type PushFacts,
  type PushPolicy,
  renderDecision,
} from '@bot-bottle/git-gate';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { created, deleted, finding, oid, rewritten, updated } from './policy-samples.ts';

const policy: fc.Arbitrary<PushPolicy> = fc.record({
  branches: fc.array(fc.constantFrom('**', 'agent/**', 'main'), { maxLength: 2 }),
  protect_default: fc.boolean(),
  force: fc.boolean(),
  delete: fc.boolean(),
  tags: fc.boolean(),
  approve: fc.constantFrom('never', 'on_finding', 'always'),
  max_bytes: fc.constantFrom(10, 100),
  protected_paths: fc.constantFrom(null, [], ['deploy/**']),
});
const ref = fc.oneof(
  fc.constantFrom('refs/heads/main', 'refs/heads/agent/x', 'refs/tags/v1', 'refs/notes/x'),
  fc.string({ unit: 'binary', maxLength: 12 }).map((name) => `refs/heads/${name}`),
);
const change = fc
  .tuple(fc.constantFrom(created, updated, rewritten, deleted), ref)
  .map(([make, name]) => make(name));
const path = fc.oneof(
  fc.constantFrom('.gitmodules', 'deploy/x', 'a'),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const found = fc
  .record({
    path: fc.option(path),
    line: fc.option(fc.nat()),
    commit: fc.option(fc.constant(oid(5))),
    marked: fc.boolean(),
  })
  .map((part) => ({ ...finding, ...part }));
const facts: fc.Arbitrary<PushFacts> = fc.record({
  refs: fc.array(change, { maxLength: 4 }),
  defaultBranch: fc.option(fc.constant('refs/heads/main')),
  symbolicRefs: fc.constantFrom(
    new Map<string, string>(),
    new Map([['refs/heads/agent/x', 'refs/heads/main']]),
  ),
  bytes: fc.nat(150),
  pushOptions: fc.array(fc.string({ unit: 'binary' }), { maxLength: 2 }),
  touched: fc.array(fc.record({ path, commit: fc.constant(oid(6)) }), { maxLength: 4 }),
  findings: fc.array(found, { maxLength: 4 }),
  hiddenObjects: fc.nat(1),
});
const options = fc.record({ supervise: fc.boolean(), approved: fc.boolean() });

const severity = { allowed: 0, 'needs-approval': 1, refused: 2 } as const;

it('a reason more never makes a push more welcome', () => {
  fc.assert(
    fc.property(policy, facts, facts, options, (rules, one, other, who) => {
      const both: PushFacts = {
        refs: [...one.refs, ...other.refs],
        defaultBranch: one.defaultBranch,
        symbolicRefs: new Map([...one.symbolicRefs, ...other.symbolicRefs]),
        bytes: Math.max(one.bytes, other.bytes),
        pushOptions: [...one.pushOptions, ...other.pushOptions],
        touched: [...one.touched, ...other.touched],
        findings: [...one.findings, ...other.findings],
        hiddenObjects: one.hiddenObjects + other.hiddenObjects,
      };
      const before = decidePush(rules, one, who).outcome;
      expect(severity[decidePush(rules, both, who).outcome]).toBeGreaterThanOrEqual(severity[before]);
    }),
  );
});

it('a yes answers questions and nothing else', () => {
  fc.assert(
    fc.property(policy, facts, fc.boolean(), (rules, push, supervise) => {
      const before = decidePush(rules, push, { supervise });
      const after = decidePush(rules, push, { supervise, approved: true });
      expect(after.outcome).toBe(before.outcome === 'needs-approval' ? 'allowed' : before.outcome);
      const refusals = ({ records }: typeof before) => records.filter(({ result }) => result === 'refused');
      expect(refusals(after)).toEqual(refusals(before));
    }),
  );
});

it('where nobody can be asked, nothing is asked and what was a question is refused', () => {
  fc.assert(
    fc.property(policy, facts, (rules, push) => {
      const asked = decidePush({ ...rules, approve: 'on_finding' }, push, { supervise: true }).outcome;
      for (const decision of [
        decidePush({ ...rules, approve: 'on_finding' }, push, { supervise: false, approved: true }),
        decidePush({ ...rules, approve: 'never' }, push, { supervise: true, approved: true }),
      ]) {
        expect(decision.outcome).toBe(asked === 'allowed' ? 'allowed' : 'refused');
        expect(decision.records.filter(({ result }) => result === 'needs-approval')).toEqual([]);
      }
    }),
  );
});

it('every check is recorded in order, and every concern has a code, a subject and a reason', () => {
  fc.assert(
    fc.property(policy, facts, options, (rules, push, who) => {
      const { records } = decidePush(rules, push, who);
      expect([...new Set(records.map(({ check }) => check))]).toEqual(checkNames);
      for (const record of records) {
        if (record.result === 'allowed') continue;
        expect(denialCodes).toContain(record.code);
        expect(record.why).not.toBe('');
        expect(typeof record.subject).toBe('string');
      }
    }),
  );
});

it('what is shown is bounded and one visible line each', () => {
  fc.assert(
    fc.property(policy, facts, options, (rules, push, who) => {
      const decision = decidePush(rules, push, who);
      const lines = renderDecision(decision);
      expect(lines.length === 0).toBe(decision.outcome === 'allowed');
      expect(lines.length).toBeLessThanOrEqual(22);
      for (const line of lines) {
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(line.length).toBeLessThan(600);
      }
    }),
  );
});
