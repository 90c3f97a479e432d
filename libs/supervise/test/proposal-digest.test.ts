import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { canonicalJson, idSource, proposalDifferences, proposalDigest, proposalId } from '../src/index.ts';
import { findingRequest, pushRequest, sampleProposal } from './samples.ts';

it('does not depend on the order of keys, nor on a way through JSON', () => {
  const proposal = sampleProposal({ request: findingRequest() });
  const turned = Object.fromEntries(Object.entries(proposal).toReversed());
  expect(canonicalJson(turned)).toBe(canonicalJson(proposal));
  expect(proposalDigest(JSON.parse(JSON.stringify(proposal)))).toBe(proposalDigest(proposal));
});

it('is what sha256sum makes of the canonical JSON', () => {
  const proposal = sampleProposal();
  const found = execFileSync('sha256sum', { input: canonicalJson(proposal), encoding: 'utf8' });
  expect(found.slice(0, 64)).toBe(proposalDigest(proposal));
});

it.each([
  ['the repository', { repo: 'other' }],
  ['one path more', { paths: ['.github/workflows/ci.yml'] }],
  ['an invisible character', { repo: 'app\u200b' }],
  ['the held push', { held: 'h2' }],
])('changes with %s', (_what, change) => {
  const proposal = sampleProposal();
  const changed = { ...proposal, request: pushRequest(change) };
  expect(proposalDigest(changed)).not.toBe(proposalDigest(proposal));
  expect(proposalDifferences(proposal, changed)).toHaveLength(1);
});

it('tells what differs, made visible, and nothing for equals', () => {
  const shown = sampleProposal();
  expect(proposalDifferences(shown, shown)).toEqual([]);
  const stored = { ...shown, request: pushRequest({ repo: 'evil\u202e' }) };
  expect(proposalDifferences(shown, stored)).toEqual(['request.repo: shown "app", now "evil\\u{202e}"']);
});

it('makes ids that sort by arrival, also when the clock stands still or goes back', () => {
  const times = [5000, 5000, 4000, 5001, 9000];
  const newId = idSource(() => times.shift() ?? 9000);
  const ids = Array.from({ length: 8 }, () => newId());
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(8);
  for (const id of ids) expect(proposalId.safeParse(id).success).toBe(true);
});

it('makes different ids in different processes at the same time', () => {
  const [one, other] = [idSource(() => 1), idSource(() => 1)];
  expect(one()).not.toBe(other());
});
