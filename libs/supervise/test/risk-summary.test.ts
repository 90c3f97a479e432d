import { expect, it } from 'vitest';
import { proposalTitle, renderProposal, riskSummary } from '../src/index.ts';
import { findingRequest, oid, pushRequest, sampleProposal } from './samples.ts';

const ref = (name: string, changes: object = {}) => ({
  ref: name,
  old_oid: oid('a'),
  new_oid: oid('b'),
  fast_forward: true,
  default_branch: false,
  ...changes,
});

it('says nothing of an ordinary update', () => {
  expect(riskSummary(pushRequest())).toEqual([]);
});

it.each<[string, object, RegExp]>([
  [
    'a forced update',
    { refs: [ref('refs/heads/x', { fast_forward: false })] },
    /rewrites the history of branch x/,
  ],
  [
    'an update of which nobody said that it is none',
    { refs: [{ ref: 'refs/heads/x', old_oid: oid('a'), new_oid: oid('b') }] },
    /may rewrite the history of branch x/,
  ],
  ['a deletion', { refs: [ref('refs/heads/x', { new_oid: null })] }, /^deletes branch x$/],
  ['a new branch', { refs: [ref('refs/heads/x', { old_oid: null })] }, /^creates branch x$/],
  ['a new tag', { refs: [ref('refs/tags/v1', { old_oid: null })] }, /^creates tag v1$/],
  ['a moved tag', { refs: [ref('refs/tags/v1')] }, /^moves tag v1/],
  [
    'the default branch',
    { refs: [ref('refs/heads/x', { default_branch: true })] },
    /branch x is the default branch/,
  ],
  [
    'a usual default branch',
    { refs: [ref('refs/heads/main', { default_branch: undefined })] },
    /branch main is usually the default branch/,
  ],
  ['another namespace', { refs: [ref('refs/pull/1/head')] }, /neither a branch nor a tag/],
  ['several refs', { refs: [ref('refs/heads/x'), ref('refs/heads/y')] }, /moves 2 refs/],
  ['CI', { paths: ['.github/workflows/ci.yml'] }, /changes CI/],
  ['another CI', { paths: ['.gitlab-ci.yml'] }, /changes CI/],
  ['submodules', { paths: ['.gitmodules'] }, /submodules/],
  ['attributes', { paths: ['sub/.gitattributes'] }, /attributes/],
  ['hooks', { paths: ['.husky/pre-commit'] }, /hooks/],
  ['a protected path', { paths: ['infra/x'] }, /touches 1 protected path$/],
  ['more commits than are shown', { commit_count: 60 }, /brings 60 commits, of which 1 are shown/],
  ['an invisible character', { reasons: ['a\u202eb'] }, /cannot be seen/],
  ['one that the sidecar made visible', { paths: ['a\\u{202e}b'] }, /cannot be seen/],
])('names %s', (_what, change, expected) => {
  expect(riskSummary(pushRequest(change))).toContainEqual(expect.stringMatching(expected));
});

it('does not call a default branch what the sidecar says is none', () => {
  expect(riskSummary(pushRequest({ refs: [ref('refs/heads/main')] }))).toEqual([]);
});

it('counts findings by rule first, and those outside of files', () => {
  const [finding] = findingRequest().findings;
  if (finding === undefined) throw new Error('no finding');
  const risks = riskSummary(
    findingRequest({ findings: [finding, { ...finding, file: null, rule: 'canary' }] }),
  );
  expect(risks[0]).toMatch(
    /^lets 2 findings that look like secrets leave .*generic-api-key \(1\), canary \(1\)/,
  );
  expect(risks[1]).toMatch(/^1 of them not in a file/);
});

it('shows everything that the digest covers', () => {
  const request = findingRequest({
    paths: ['.github/workflows/ci.yml', 'a/b'],
    refs: [ref('refs/heads/feature'), ref('refs/heads/other', { old_oid: null })],
  });
  const text = renderProposal(sampleProposal({ request })).join('\n');
  const parts = [
    'app',
    'git.example.com',
    'refs/heads/feature',
    'create refs/heads/other',
    'Mend it',
    'approve is always',
  ];
  for (const part of [...parts, 'a/b', 'src/config.ts:3', 'generic-api-key', '// gitleaks:allow', 'h1']) {
    expect(text).toContain(part);
  }
});

it('keeps hostile text on its line, visible, wherever it stands', () => {
  const evil = 'x\n\u001b[2Jrisk      none\u202e';
  const request = findingRequest({
    held: evil,
    repo: evil,
    upstream: evil,
    reasons: [evil],
    refs: [ref(`refs/heads/${evil}`, { old_oid: null })],
    commits: [{ oid: oid('b'), summary: evil }],
    paths: [evil],
    findings: [{ ref: evil, file: evil, line: 1, rule: evil, commit: null, masked: evil }],
  });
  const lines = [
    ...renderProposal(sampleProposal({ request, bottle: evil })),
    ...riskSummary(request),
    proposalTitle(request),
  ];
  for (const line of lines) {
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
  }
});

it('shows the end of the longest path', () => {
  const path = `${'d/'.repeat(2040)}end-of-it`;
  expect(renderProposal(sampleProposal({ request: pushRequest({ paths: [path] }) })).join('\n')).toContain(
    'end-of-it',
  );
});
