import { readFileSync } from 'node:fs';
import * as gitGate from '@bot-bottle/git-gate';
import { decidePush, type PushFacts, type PushPolicy, renderDecision } from '@bot-bottle/git-gate';
import { expect, it } from 'vitest';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

it('the example of the README does what it says', () => {
  const policy: PushPolicy = {
    branches: ['agent/**'],
    protect_default: true,
    force: false,
    delete: false,
    tags: false,
    approve: 'on_finding',
    max_bytes: 2 * 1024 ** 3,
    protected_paths: null,
  };
  const facts: PushFacts = {
    refs: [{ ref: 'refs/heads/agent/fix', oldOid: null, newOid: 'a'.repeat(40), fastForward: true }],
    defaultBranch: 'refs/heads/main',
    symbolicRefs: new Map(),
    bytes: 4096,
    pushOptions: [],
    touched: [{ path: '.github/workflows/ci.yml', commit: 'a'.repeat(40) }],
    findings: [],
    hiddenObjects: 0,
  };
  const decision = decidePush(policy, facts, { supervise: true });
  expect(decision.outcome).toBe('needs-approval');
  expect(renderDecision(decision)[0]).toBe(
    'needs approval: .github/workflows/ci.yml: a protected path, changed in commit aaaaaaaaaaaa',
  );
  expect(decidePush(policy, facts, { supervise: true, approved: true }).outcome).toBe('allowed');
});

it('every function that the README lists is exported', () => {
  const table = readme.slice(readme.indexOf('| area |'), readme.indexOf('Rules worth knowing'));
  const names = [...table.matchAll(/`([A-Za-z]+)`/g)].map((match) => match[1] ?? '');
  expect(names.filter((name) => !(name in gitGate))).toEqual([]);
});
