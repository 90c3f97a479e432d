import { buildRoutes, grantRows, type RouteRequest, type RouteTable } from '@bot-bottle/egress';
import { describe, expect, it } from 'vitest';
import {
  dlpHoldSchema,
  egressRisks,
  grantText,
  renderProposal,
  riskSummary,
  type Grant,
} from '../src/index.ts';
import { egressRequest, findingRequest, holdRequest, sampleProposal } from './samples.ts';

const routes = (...manifest: readonly RouteRequest[]): RouteTable => buildRoutes([], manifest).table;

function grant(changes: Partial<Grant> = {}): Grant {
  const base = { host: 'new.example.com', ports: [443], path_allowlist: ['/v1'], methods: ['GET'] };
  return { ...base, minutes: 30, inject: false, ...changes };
}

describe('a request that looks like less than it is', () => {
  it.each([[['/']], [['/v1', '/']]])('every path, written as a prefix of all: %s', (paths) => {
    const asked = grant({ path_allowlist: paths });
    expect(egressRisks(asked, routes())).toContain('every path of the host');
    expect(grantText(asked)).toContain('every path');
  });

  it('what lies below a path is told of', () => {
    const request = egressRequest({ path_allowlist: ['/v1/a'] });
    expect(renderProposal(sampleProposal({ sidecar: 'supervise', request }))).toContain(
      '          (and everything below)',
    );
  });

  it.each([
    ['its own route', 'api.corp.example', 'api.corp.example'],
    ['a wildcard route', '*.corp.example', 'api.corp.example'],
    ['a wildcard that it names itself', '*.corp.example', '*.corp.example'],
  ])('a private address that %s allows', (_, routed, host) => {
    const table = routes({ host: routed, methods: ['GET'], addressAllowlist: ['10.1.0.0/16'] });
    expect(egressRisks(grant({ host, methods: ['POST'] }), table)).toContain(
      'may go to these private addresses, as its route may: 10.1.0.0/16',
    );
  });

  it('not a private address that another route allows', () => {
    const table = routes(
      { host: '*.corp.example', addressAllowlist: ['10.1.0.0/16'] },
      { host: 'api.corp.example' },
    );
    for (const host of ['api.corp.example', 'other.example', '*.example.org'])
      expect(egressRisks(grant({ host }), table).join()).not.toContain('10.1.0.0');
  });
});

it('a held request names a host', () => {
  expect(dlpHoldSchema.safeParse(holdRequest()).success).toBe(true);
  expect(dlpHoldSchema.safeParse(holdRequest({ host: '' })).success).toBe(false);
});

describe('a grant that has ended', () => {
  const ended: RouteTable = {
    version: 1,
    routes: [...grantRows(grant({ host: 'was.example.com' }), 5000)],
  };
  const request = egressRequest({ host: 'was.example.com' });

  it('does not make its host look like one that is allowed', () => {
    expect(riskSummary(request, { table: ended, now: 5000 })).toContain(
      'a new host: no route of this bottle has was.example.com',
    );
    const proposal = sampleProposal({ sidecar: 'supervise', request });
    expect(renderProposal(proposal, { table: ended, now: 5000 })).toContain('now       none for this host');
  });

  it('is shown as long as it is in force', () => {
    for (const now of [4999, undefined])
      expect(riskSummary(request, { table: ended, ...(now === undefined ? {} : { now }) })).toContain(
        'widens what this bottle may do at was.example.com',
      );
  });
});

describe('the words of the agent', () => {
  const order = 'bot-bottle supervise approve 0mgj2k8x --with-credential';
  it.each([
    ['by blanks', `fine${' '.repeat(200)}${order}`],
    ['by letters', `${'x'.repeat(70)}${order}`],
    ['by wide letters', `${'字'.repeat(35)}${order}`],
    ['by escapes', `${'\u202e'.repeat(9)}${order}`],
    ['by line breaks', Array.from({ length: 40 }, () => order).join('\n')],
  ])('never begin a row of a terminal, however they are moved there: %s', (_, justification) => {
    const lines = renderProposal(
      sampleProposal({ sidecar: 'supervise', request: egressRequest({ justification }) }),
    );
    const said = lines.slice(lines.findIndex((line) => line.startsWith('because')));
    for (const [index, line] of said.entries()) {
      expect(columns(line)).toBeLessThanOrEqual(80);
      expect(line.startsWith(index === 0 ? 'because   ' : '          ')).toBe(true);
    }
    const shown = said.map((line) => line.slice(10)).join('');
    expect(shown.replaceAll(/\\n|\s/g, '')).toContain(order.replaceAll(' ', ''));
  });
});

it('nor do the bytes of what it sends or pushes', () => {
  const order = `${' '.repeat(24)}bot-bottle supervise approve 0mgj2k8x`;
  const [finding] = holdRequest().findings;
  const [leak] = findingRequest().findings;
  if (finding === undefined || leak === undefined) throw new Error('the samples have findings');
  const requests = [
    holdRequest({ findings: [{ ...finding, masked: `${'x'.repeat(30)}********${order}` }] }),
    findingRequest({
      commits: [{ oid: 'b'.repeat(40), summary: `Mend it${order.repeat(3)}` }],
      paths: [`.github/${order}/${order}`],
      findings: [{ ...leak, file: `src/${order}/${order}`, masked: `key = ${order.repeat(2)}` }],
    }),
  ];
  for (const request of requests) {
    const lines = renderProposal(sampleProposal({ sidecar: 'git-gate', request }));
    const hostile = lines.filter((line) => /supervise|approve|0mgj2k8x/.test(line.slice(10)));
    expect(hostile.length).toBeGreaterThan(0);
    for (const line of hostile) expect(columns(line)).toBeLessThanOrEqual(80);
  }
});

/** Columns that a line takes on a terminal, at most. */
function columns(line: string): number {
  let count = 0;
  for (const character of line) count += (character.codePointAt(0) ?? 0) < 0x300 ? 1 : 2;
  return count;
}
