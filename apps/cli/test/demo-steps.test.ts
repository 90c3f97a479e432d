import { expect, it } from 'vitest';
import type { AgentReport } from '../src/demo/agent-report.ts';
import { demoSteps, type DemoFacts } from '../src/demo/demo-steps.ts';

const ok = { status: 200, deny: null, headers: '{}', body: 'hello', error: null };
const denied = (code: string): AgentReport['host'] => ({
  status: 403,
  deny: code,
  headers: '{}',
  body: JSON.stringify({ bot_bottle: 1, code }),
  error: null,
});

const refused: AgentReport['secretPush'] = {
  code: 1,
  said: 'remote: git-gate: secret_found: config.ini:1: gitleaks/gitlab-pat\n ! [remote rejected] leak',
};

const admin = { method: 'GET', path: '/admin', authorization: '' };

const good: DemoFacts = {
  backend: 'bubblewrap',
  token: 'the-token',
  report: {
    allowed: ok,
    echo: ok,
    host: denied('host_not_allowed'),
    method: denied('method_not_allowed'),
    path: denied('path_not_allowed'),
    leak: denied('dlp_blocked'),
    dns: 'EAI_AGAIN',
    outside: 'ENETUNREACH',
    upstream: 'ECONNREFUSED',
    clone: { code: 0, said: '' },
    cleanPush: { code: 0, said: '' },
    secretPush: refused,
    hiddenPush: refused,
    env: '{}',
    tools: ['check-proposal', 'egress-block'],
    asked: { status: 'approved', said: 'reach' },
    granted: ok,
    expired: denied('path_not_allowed'),
  },
  operator: {
    shown: 'risk  widens what this bottle may do at x\npaths /admin',
    outcome: 'approved',
    applied: '',
  },
  branches: ['feature'],
  upstreamObjects: '',
  deployKeyInBottle: false,
  requests: [{ method: 'GET', path: '/v1/hello', authorization: 'Bearer the-token' }, admin],
  tokenInBottle: false,
  tokenInAnswers: false,
  audit: { ok: true, lines: 10, denied: 5 },
  filesWithSecrets: [],
  filesSearched: 7,
};

it('is content when everything is as it should be', () => {
  expect(demoSteps(good).filter((step) => !step.ok)).toEqual([]);
});

const report = (changes: Partial<AgentReport>): Partial<DemoFacts> => ({
  report: { ...good.report, ...changes },
});

it.each<[string, Partial<DemoFacts>]>([
  [
    'the API got another credential',
    { requests: [{ method: 'GET', path: '/v1/hello', authorization: 'Bearer x' }, admin] },
  ],
  ['the API was not reached', { requests: [admin] }],
  ['the token is in the bottle', { tokenInBottle: true }],
  ['the token comes back', { tokenInAnswers: true }],
  ['an undeclared host answers', report({ host: ok })],
  ['a denial without its JSON', report({ method: { ...denied('method_not_allowed'), body: 'no' } })],
  ['a denial with another reason', report({ path: denied('host_not_allowed') })],
  [
    'a leak arrives',
    { requests: [...good.requests, { method: 'POST', path: '/v1/notes', authorization: '' }] },
  ],
  ['a leak is let through', report({ leak: ok })],
  ['a clone fails', report({ clone: { code: 128, said: 'fatal' } })],
  ['the deploy key is in the bottle', { deployKeyInBottle: true }],
  ['a clean push fails', report({ cleanPush: refused })],
  ['a clean push does not arrive', { branches: [] }],
  ['a push with a secret is accepted', report({ secretPush: { code: 0, said: '' } })],
  ['a push with a secret is refused for another reason', report({ secretPush: { code: 1, said: 'no' } })],
  ['a hidden secret is accepted', report({ hiddenPush: { code: 0, said: '' } })],
  ['a branch with a secret arrives', { branches: ['feature', 'leak'] }],
  ['an object with a hidden secret arrives', { upstreamObjects: 'blob 40\nhidden_token = glpat' }],
  ['a name resolves', report({ dns: 'resolved' })],
  ['the outside answers', report({ outside: 'connected' })],
  ['the host is reachable', report({ upstream: 'connected' })],
  ['there is no tool to ask with', report({ tools: [] })],
  ['nobody was asked', { operator: { ...good.operator, shown: '', outcome: 'nothing was asked' } }],
  ['a human is not shown the risk', { operator: { ...good.operator, shown: '/admin' } }],
  ['a human rejected it', report({ asked: { status: 'rejected', said: '' } })],
  ['the grant does not work', report({ granted: denied('path_not_allowed') })],
  [
    'the grant brings the credential',
    { requests: [...good.requests, { ...admin, authorization: 'Bearer x' }] },
  ],
  ['the grant does not end', report({ expired: ok })],
  ['the chain is broken', { audit: { ok: false, lines: 10, denied: 5 } }],
  ['a denial is not recorded', { audit: { ok: true, lines: 10, denied: 3 } }],
  ['a file holds a secret', { filesWithSecrets: ['x'] }],
  ['nothing was searched', { filesSearched: 0 }],
])('fails exactly one step when %s', (_what, changes) => {
  expect(demoSteps({ ...good, ...changes }).filter((step) => !step.ok)).toHaveLength(1);
});

it.each([
  ['timeout', 'EHOSTUNREACH', true],
  ['ENETUNREACH', 'ENETUNREACH', true],
  ['connected', 'EHOSTUNREACH', false],
  ['timeout', 'connected', false],
  ['timeout', 'ECONNREFUSED', false],
])('on docker, outside %s and the API %s is as expected: %s', (outside, upstream, expected) => {
  const facts: DemoFacts = { ...good, ...report({ outside, upstream }), backend: 'docker' };
  expect(demoSteps(facts).every(({ ok: isOk }) => isOk)).toBe(expected);
});
