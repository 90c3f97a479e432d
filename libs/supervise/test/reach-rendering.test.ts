import { visibleLine } from '@bot-bottle/audit';
import { buildRoutes } from '@bot-bottle/egress';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalJson,
  grantText,
  proposalTitle,
  renderProposal,
  riskSummary,
  type ProposalRequest,
} from '../src/index.ts';
import {
  egressRequest,
  holdRequest,
  sampleProposal,
  type EgressRequest,
  type HoldRequest,
} from './samples.ts';

// oxlint-disable-next-line no-control-regex -- these are what must not be there
const unseen = /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;
const evil = 'x\n\u001b[2J\u009b31m\u202e\u200b\u2028risk      none\r\thost      safe.example';
const { table } = buildRoutes([], [{ host: '*.example.com', pathAllowlist: ['/a'] }]);
const proposalOf = (request: ProposalRequest) =>
  sampleProposal({ id: '0'.repeat(16), sidecar: 'supervise', request });
const shown = (request: ProposalRequest): string[] => renderProposal(proposalOf(request), { table });

const hostile = fc.oneof(
  fc.string({ maxLength: 30, unit: 'binary' }),
  fc.constantFrom(evil, '\n\n\n', 'a\nhost      b', '\u202e'),
);
const egress: fc.Arbitrary<EgressRequest> = fc.record({
  kind: fc.constant('egress-block'),
  host: fc.oneof(
    fc.domain(),
    hostile.filter((text) => text !== ''),
  ),
  ports: fc.array(fc.integer({ min: 1, max: 65_535 }), { minLength: 1, maxLength: 4 }),
  path_allowlist: fc.array(
    hostile.map((text) => `/${text}`),
    { maxLength: 4 },
  ),
  methods: fc.array(fc.constantFrom('GET', 'POST', 'HEAD', 'G', 'ETPOST'), { maxLength: 4 }),
  minutes: fc.oneof(
    fc.constant(null),
    fc.constantFrom(1, 1.0000001, 1.04, 0.5, 0.50001, 1e-300, 10_080, 60),
    fc.double({ min: 0.01, max: 10_080, noNaN: true }),
  ),
  justification: hostile.filter((text) => text !== ''),
});
const hold: fc.Arbitrary<HoldRequest> = fc.record({
  kind: fc.constant('dlp-hold'),
  scheme: fc.constantFrom('https', 'http'),
  method: hostile,
  host: hostile,
  target: hostile,
  route: hostile,
  findings: fc.array(
    fc.record({
      detector: fc.oneof(hostile, fc.constantFrom('canary', 'known_secrets', 'token_patterns')),
      rule: hostile,
      severity: hostile,
      surface: hostile,
      masked: hostile,
      sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  more_findings: fc.nat(3),
});

/** What a human can tell apart: texts that look the same are the same to him. */
function seen(value: unknown): unknown {
  if (typeof value === 'string') return visibleLine(value, 100_000);
  if (Array.isArray(value)) return value.map(seen);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, seen(item)]));
}

/** The same request with one field of another. */
function mixed<Request extends ProposalRequest>(
  one: fc.Arbitrary<Request>,
): fc.Arbitrary<[Request, Request]> {
  return fc.tuple(one, one).chain(([first, second]) =>
    fc.constantFrom(...Object.keys(first)).map((key): [Request, Request] => {
      const value: unknown = Reflect.get(second, key);
      return [first, { ...first, [key]: value }];
    }),
  );
}

describe('whatever is asked', () => {
  it('every line is one line of visible text', () => {
    fc.assert(
      fc.property(fc.oneof(egress, hold), (request) => {
        const lines = [...shown(request), ...riskSummary(request, { table }), proposalTitle(request)];
        for (const line of lines) expect(line).not.toMatch(unseen);
      }),
      { numRuns: 500 },
    );
  });

  it('everything that the digest covers is shown: another field is another text', () => {
    fc.assert(
      fc.property(fc.oneof(mixed(egress), mixed(hold)), ([first, second]) => {
        fc.pre(canonicalJson(seen(first)) !== canonicalJson(seen(second)));
        expect(shown(second).join('\n')).not.toBe(shown(first).join('\n'));
      }),
      { numRuns: 3000 },
    );
  });

  it('no text of a bottle begins a line: what stands there is ours', () => {
    const labels = new Set([
      '',
      'proposal',
      'bottle',
      'asks',
      'risk',
      'host',
      'ports',
      'methods',
      'paths',
      'time',
    ]);
    for (const label of ['now', 'because', 'request', 'route', 'findings']) labels.add(label);
    fc.assert(
      fc.property(fc.oneof(egress, hold), (request) => {
        for (const line of shown(request)) expect(labels).toContain(line.slice(0, 10).trimEnd());
      }),
      { numRuns: 500 },
    );
  });

  it('the text of a title is bounded', () => {
    const path = `/${'x'.repeat(2047)}`;
    const request = egressRequest({ path_allowlist: Array.from({ length: 64 }, () => path) });
    expect(proposalTitle(request).length).toBeLessThan(1024);
    const { findings } = holdRequest();
    expect(
      proposalTitle(holdRequest({ findings: Array.from({ length: 16 }, () => findings).flat() })).length,
    ).toBeLessThan(1024);
  });
});

describe('more reach', () => {
  it('shows every fact, each path on a line of its own', () => {
    const request = egressRequest({
      host: 'api.example.com',
      ports: [443, 8443],
      methods: ['GET', 'POST'],
      path_allowlist: ['/v1/a', '/v2/b'],
      minutes: 45,
    });
    expect(shown(request).slice(2)).toEqual([
      'asks      reach api.example.com:443,8443 (GET POST, /v1/a /v2/b) for 45 minutes',
      'risk      widens what this bottle may do at api.example.com',
      '          methods that write: POST',
      'host      api.example.com',
      'ports     443 8443',
      'methods   GET POST',
      'paths     /v1/a',
      '          /v2/b',
      '          (and everything below)',
      'time      for 45 minutes',
      'now       *.example.com:443 (every method, /a) by manifest',
      'because   to install what the tests need',
    ]);
  });

  it('says in words what empty lists mean', () => {
    const text = shown(egressRequest({ methods: [], path_allowlist: [], minutes: null })).join('\n');
    for (const part of ['methods   every method', 'paths     every path', 'time      until the bottle ends'])
      expect(text).toContain(part);
  });

  it('is not pushed off the screen by what the agent says', () => {
    const lines = shown(egressRequest({ justification: '\n'.repeat(2048) }));
    // What one line of all of it would take on a terminal.
    expect(lines.length).toBeLessThan(25 + (2 * 2048) / 68);
    expect(lines.findIndex((line) => line.startsWith('because'))).toBe(
      lines.findIndex((line) => line.startsWith('now')) + 1,
    );
  });

  it.each<[number | null, string]>([
    [null, 'until the bottle ends'],
    [1, 'for a minute'],
    [0.5, 'for 30 seconds'],
    [0.001, 'for 0.001 minutes'],
    [1.04, 'for 1.04 minutes'],
    [10_080, 'for 10080 minutes'],
  ])('for %s minutes is "%s": nothing is rounded', (minutes, text) => {
    expect(grantText({ ...egressRequest(), minutes, inject: false })).toContain(text);
  });
});

describe('a held request', () => {
  it('shows every fact, and the whole of what an approval is remembered by', () => {
    const lines = shown(holdRequest({ more_findings: 2 }));
    expect(lines.slice(2)).toEqual([
      'asks      let a request to api.example.com leave with 3 things that look like secrets',
      'risk      the same values may leave to api.example.com until the bottle ends',
      '          2 findings are not shown: they stay blocked until they are',
      'host      api.example.com',
      'request   POST /v1/upload',
      'route     manifest:api.example.com',
      'findings  github-pat  high  in body  by token_patterns',
      '            token=****',
      `            sha256 ${'ab'.repeat(32)}`,
      '          and 2 more',
    ]);
  });
});
