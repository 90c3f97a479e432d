import { buildRoutes, type RouteRequest, type RouteTable } from '@bot-bottle/egress';
import { describe, expect, it } from 'vitest';
import { egressRisks, riskSummary, type Grant } from '../src/index.ts';
import { egressRequest, holdRequest } from './samples.ts';

const auth = { scheme: 'Bearer', tokenRef: 'TOKEN' } as const;

function routes(...manifest: readonly RouteRequest[]): RouteTable {
  return buildRoutes([], manifest).table;
}

function grant(changes: Partial<Grant> = {}): Grant {
  const base = { host: 'new.example.com', ports: [443], path_allowlist: ['/v1'], methods: ['GET'] };
  return { ...base, minutes: 30, inject: false, ...changes };
}

describe('more reach', () => {
  it('of little danger has no risk but that it is new', () => {
    expect(egressRisks(grant(), routes())).toEqual([
      'a new host: no route of this bottle has new.example.com',
    ]);
    expect(egressRisks(grant(), null)).toEqual([]);
  });

  it.each<[string, Partial<Grant>, RegExp]>([
    ['a wildcard', { host: '*.example.com' }, /covers every host below example\.com/],
    ['plaintext', { ports: [80] }, /in plaintext/],
    ['plaintext among others', { ports: [443, 80] }, /in plaintext/],
    ['methods that write', { methods: ['GET', 'POST', 'DELETE'] }, /^methods that write: POST DELETE$/],
    ['every method', { methods: [] }, /^every method, so also those that write$/],
    ['every path', { path_allowlist: [] }, /^every path of the host$/],
    ['no end', { minutes: null }, /^until the bottle ends$/],
    ['a private name', { host: 'printer.lan' }, /private network/],
    ['a private name of one label', { host: 'intranet' }, /private network/],
    ['this machine', { host: 'localhost' }, /private network/],
    ['a name below this machine', { host: 'x.localhost' }, /private network/],
    ['a private name of a cluster', { host: 'api.default.svc' }, /private network/],
    ['a host that records what it gets', { host: 'x1.oast.fun' }, /oast\.fun for anybody: a way out/],
    ['a chat that takes posts of anybody', { host: 'api.telegram.org' }, /telegram\.org for anybody/],
    ['a bucket of anybody', { host: 'mine.s3.amazonaws.com' }, /s3\.amazonaws\.com for anybody/],
    ['a private wildcard', { host: '*.corp.internal' }, /private network/],
    ['a paste host', { host: 'pastebin.com' }, /pastebin\.com for anybody: a way out/],
    ['a host of an upload host', { host: 'x.ngrok.io' }, /ngrok\.io for anybody: a way out/],
    ['a wildcard below an upload host', { host: '*.trycloudflare.com' }, /trycloudflare\.com for anybody/],
    ['a wildcard that covers an upload host', { host: '*.github.com' }, /gist\.github\.com for anybody/],
    ['a credential that is not there', { inject: true }, /adds a credential, but no route .* has one/],
  ])('names %s', (_what, change, expected) => {
    expect(egressRisks(grant(change), routes())).toContainEqual(expect.stringMatching(expected));
  });

  it.each<[string, Partial<Grant>]>([
    ['a host that only ends like an upload host', { host: 'notpastebin.com' }],
    ['the parent of an upload host', { host: 'github.com' }],
  ])('does not call %s one', (_what, change) => {
    expect(egressRisks(grant(change), null).join()).not.toContain('way out');
  });

  it('says whose credential it adds, and only where egress adds it', () => {
    const table = routes({ host: 'api.example.com', auth }, { host: '*.wild.example.com', auth });
    const adds = (host: string): string | undefined =>
      egressRisks(grant({ host, inject: true }), table).find((risk) => risk.startsWith('adds'));
    expect(adds('api.example.com')).toBe('adds the credential EGRESS_TOKEN_0 to these requests');
    // The base row of a host is that of its best pattern.
    expect(adds('x.wild.example.com')).toBe('adds the credential EGRESS_TOKEN_0 to these requests');
    expect(adds('*.wild.example.com')).toBe('adds the credential EGRESS_TOKEN_0 to these requests');
    // A wildcard joins no base row of another pattern.
    expect(adds('*.example.com')).toMatch(/no route .* has one/);
    expect(adds('other.example.com')).toMatch(/no route .* has one/);
  });

  it('names no credential where a more exact route has none', () => {
    const table = routes({ host: '*.wild.example.com', auth }, { host: 'x.wild.example.com' });
    const risks = egressRisks(grant({ host: 'x.wild.example.com', inject: true }), table);
    expect(risks[0]).toMatch(/no route .* has one/);
  });

  it('says that a credential is not added where one could think so', () => {
    const table = routes({ host: 'api.example.com', auth });
    expect(egressRisks(grant({ host: 'api.example.com' }), table)).toEqual([
      'widens what this bottle may do at api.example.com',
      'the credential of its route is not added to what this allows',
    ]);
  });

  it('never adds a credential to plaintext, and says so', () => {
    const table = routes({ host: 'api.example.com', auth });
    const risks = egressRisks(grant({ host: 'api.example.com', ports: [80], inject: true }), table);
    expect(risks.join()).not.toContain('adds the credential EGRESS_TOKEN_0');
    expect(risks[0]).toMatch(/no credential is added in plaintext/);
  });

  it('has the gravest first', () => {
    const table = routes({ host: 'gist.github.com', auth });
    const risks = egressRisks(
      grant({ host: 'gist.github.com', inject: true, methods: [], path_allowlist: [], minutes: null }),
      table,
    );
    expect(risks[0]).toMatch(/^adds the credential/);
    expect(risks[1]).toMatch(/way out/);
    expect(risks.at(-1)).toBe('until the bottle ends');
  });

  it('is never asked for with a credential: a proposal has no say in it', () => {
    const table = routes({ host: 'api.example.com', auth });
    const risks = riskSummary(egressRequest({ host: 'api.example.com' }), { table });
    expect(risks.join()).not.toContain('adds the credential');
  });
});

describe('a held request', () => {
  const [finding] = holdRequest().findings;
  if (finding === undefined) throw new Error('no finding');

  it.each<[string, Parameters<typeof holdRequest>[0], RegExp]>([
    [
      'the canary',
      { findings: [{ ...finding, detector: 'canary' }] },
      /^holds the canary: nothing but theft/,
    ],
    [
      'known secrets',
      { findings: [{ ...finding, detector: 'known_secrets' }, finding] },
      /^holds 1 of the secrets that were given/,
    ],
    ['how long an approval lasts', {}, /may leave to api\.example\.com until the bottle ends/],
    ['findings that are not shown', { more_findings: 3 }, /^3 findings are not shown/],
    ['an upload host', { host: 'paste.rs' }, /paste\.rs for anybody: a way out/],
    ['invisible text', { target: '/a\u202eb' }, /cannot be seen/],
  ])('names %s', (_what, change, expected) => {
    expect(riskSummary(holdRequest(change))).toContainEqual(expect.stringMatching(expected));
  });
});
