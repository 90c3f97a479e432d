import { decidePush, renderDecision } from '@bot-bottle/git-gate';
import { expect, it } from 'vitest';
import { created, defaultPolicy, finding, goodPush, updated } from './policy-samples.ts';

const render = (facts: Partial<typeof goodPush>, supervise = true): string[] =>
  renderDecision(decidePush(defaultPolicy, { ...goodPush, ...facts }, { supervise }));

it('an allowed push has nothing to say', () => expect(render({})).toEqual([]));

it('a refused push has a line per refusal and one that says what to do', () => {
  expect(
    render({ findings: [finding], refs: [created('refs/tags/v1'), updated('refs/heads/main')] }),
  ).toEqual([
    'push_policy_tag: refs/tags/v1: push.tags is false',
    'secret_found: src/a.ts:12: gitleaks/github-pat, in commit 444444444444',
    'needs approval: refs/heads/main: it is the default branch of the upstream',
    'nothing was pushed: push without tags; take the secret out of every commit (amend or rebase), and revoke it if it was ever real; or ask the operator to change git-gate.repos.<name>.push',
  ]);
});

it('a held push says why it is held', () => {
  expect(render({ refs: [updated('refs/heads/main')] })).toEqual([
    'needs approval: refs/heads/main: it is the default branch of the upstream',
    'a human has to approve this push',
  ]);
});

it('where nobody can be asked, the line says what the operator can change', () => {
  expect(render({ refs: [updated('refs/heads/main')] }, false)[0]).toBe(
    'push_policy_branch: refs/heads/main: it is the default branch of the upstream: needs approval, but supervise is false; the operator can set it to true',
  );
});

it('a flood of findings is counted, not listed', () => {
  const lines = render({ findings: Array.from({ length: 5000 }, (_, line) => ({ ...finding, line })) });
  expect(lines).toHaveLength(22);
  expect(lines[20]).toBe('… and 4980 more');
});

it('hostile names are shown, and cannot push the reason out of sight', () => {
  const [line = ''] = render({ findings: [{ ...finding, path: `\u001B[2J\u202E\n${'x'.repeat(5000)}` }] });
  expect(line.startsWith('secret_found: \\u{1b}[2J\\u{202e}\\nxxx')).toBe(true);
  expect(line.endsWith('…: gitleaks/github-pat, in commit 444444444444')).toBe(true);
});
