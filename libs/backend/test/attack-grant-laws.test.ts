import {
  buildRoutes,
  matchHost,
  tableDigest,
  type AllowDecision,
  type Decision,
  type RouteRequest,
  type RouteTable,
} from '@bot-bottle/egress';
import { SuperviseError, type Grant } from '@bot-bottle/supervise';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { grantApplier } from '../src/owner/grant-applier.ts';
import { LiveRoutes } from '../src/owner/live-routes.ts';
import { decideOn } from './routes-sample.ts';

const hosts = ['a.example.com', 'x.a.example.com', 'b.example.com', 'own.provider.example', 'other.example'];
const patterns = [...hosts, '*.example.com', '*.a.example.com', '*.provider.example'];
const paths = ['/', '/a', '/a/', '/a/b', '/ab', '/c'];
const methods = ['GET', 'POST', 'DELETE'];
const ports = [80, 443, 8443];

const subset = <T>(values: readonly T[], most = 2): fc.Arbitrary<T[]> =>
  fc.uniqueArray(fc.constantFrom(...values), { maxLength: most });
const some = <T>(values: readonly T[]): fc.Arbitrary<T[]> =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 });

const base: fc.Arbitrary<RouteRequest> = fc
  .record({
    host: fc.constantFrom(...patterns.filter((host) => !host.includes('provider'))),
    ports: some(ports),
    pathAllowlist: subset(paths),
    methods: subset(methods),
    auth: fc.constantFrom(null, { scheme: 'Bearer' as const, tokenRef: 'ONE' }),
    agent: fc.boolean(),
    addressAllowlist: subset(['10.0.0.0/8'], 1),
    envSecrets: subset(['KEY'], 1),
    fetch: fc.boolean(),
    scans: fc.boolean(),
  })
  .map(({ agent, fetch, scans, auth, ports: wanted, ...rest }) => ({
    ...rest,
    auth,
    ports:
      auth === null
        ? wanted
        : wanted
            .filter((port) => port !== 80)
            .concat(443)
            .slice(0, 1),
    authorization: agent && auth === null ? ('agent' as const) : ('strip' as const),
    agentHeaders: agent ? ['x-api-key'] : [],
    git: { fetch },
    ...(scans ? {} : { dlp: { outbound: [] } }),
  }));
const grant: fc.Arbitrary<Grant> = fc.record({
  host: fc.constantFrom(...patterns),
  ports: some(ports),
  path_allowlist: subset(paths),
  methods: subset(methods),
  minutes: fc.constantFrom(null, 1, 2),
  inject: fc.boolean(),
});

interface Given {
  readonly grant: Grant;
  readonly at: number;
}

/** Whether what a human was shown of a grant covers a request. */
function covers({ grant: given, at }: Given, url: URL, method: string, now: number): boolean {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  const under = (prefix: string): boolean =>
    url.pathname === prefix || url.pathname.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
  return (
    (given.minutes === null || now < at + given.minutes * 60_000) &&
    matchHost(given.host, url.hostname) &&
    given.ports.includes(port) &&
    (given.methods.length === 0 ||
      given.methods.includes(method) ||
      (method === 'HEAD' && given.methods.includes('GET'))) &&
    (given.path_allowlist.length === 0 || given.path_allowlist.some(under))
  );
}

const isAllowed = (decision: Decision): decision is AllowDecision => decision.kind === 'allow';

/** What of a decision gives anything to whoever asks. */
const power = ({ injectAuth, agentAuthorization, addressAllowlist, route, git }: AllowDecision): object => ({
  injectAuth,
  agentAuthorization,
  addressAllowlist,
  agent_headers: route.agent_headers,
  env_secrets: route.env_secrets,
  outbound: route.dlp.outbound,
  git,
});

const requests = hosts.flatMap((host) =>
  ['https://', 'http://'].flatMap((scheme) =>
    ['', ':8443'].flatMap((port) =>
      ['/', '/a', '/a/b/c', '/ab', '/c', '/a/git-upload-pack'].flatMap((path) =>
        ['GET', 'HEAD', 'POST', 'PUT'].map((method): [URL, string] => [
          new URL(`${scheme}${host}${port}${path}`),
          method,
        ]),
      ),
    ),
  ),
);

async function approved(start: RouteTable, grants: readonly Grant[], clock: { now: number }) {
  const routes = new LiveRoutes({ table: start, slots: [] }, () => clock.now);
  routes.connect(async (table) => tableDigest(table));
  const applier = grantApplier(routes);
  const given: Given[] = [];
  for (const each of grants) {
    const { inject: _inject, ...asked } = each;
    const request = { kind: 'egress-block' as const, ...asked, justification: 'x' };
    const proposal = { id: '0'.repeat(16), bottle: 'b', sidecar: 'supervise' as const, arrived: '', request };
    const decision = {
      id: proposal.id,
      digest: '',
      outcome: 'approved' as const,
      reason: '',
      by: 'op',
      grant: each,
    };
    const options = { tell: async () => undefined, timeoutMs: 1000, signal: AbortSignal.timeout(1000) };
    try {
      await applier.apply(proposal, decision, options);
      given.push({ grant: each, at: clock.now });
    } catch (error) {
      if (!SuperviseError.isInstance(error)) throw error;
    }
    clock.now += 20_000;
  }
  return { table: routes.view.table, given };
}

it('whatever is granted, nothing more is allowed than each grant says by itself', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(base, { maxLength: 3, selector: ({ host }) => host }),
      fc.array(grant, { maxLength: 4 }),
      fc.integer({ min: 0, max: 200_000 }),
      async (manifest, grants, later) => {
        const provider = [{ host: 'own.provider.example', pathAllowlist: ['/a'] }];
        const { table: start } = buildRoutes(provider, manifest);
        const clock = { now: 1_000_000 };
        const { table, given } = await approved(start, grants, clock);
        const now = clock.now + later;
        for (const [url, method] of requests) {
          const before = decideOn(start, url.href, method, now);
          const after = decideOn(table, url.href, method, now);
          if (isAllowed(before)) {
            // What was allowed stays as it was.
            expect(isAllowed(after) && power(after)).toEqual(power(before));
            continue;
          }
          if (!isAllowed(after)) continue;
          const because = given.filter((each) => covers(each, url, method, now));
          expect(because, `${method} ${url.href}`).not.toEqual([]);
          expect(url.hostname).not.toContain('provider');
          expect(after.route.owner).toBe('grant');
          if (after.injectAuth !== null) {
            expect(url.protocol).toBe('https:');
            expect(because.some((each) => each.grant.inject)).toBe(true);
          }
          expect(power(after)).toMatchObject({
            agentAuthorization: false,
            agent_headers: [],
            env_secrets: [],
            git: null,
            outbound: ['known_secrets', 'token_patterns', 'canary', 'crlf'],
          });
          // Special addresses only where the operator let this very host go.
          if (after.addressAllowlist.length > 0)
            expect(
              start.routes.some(
                (row) => matchHost(row.host, url.hostname) && row.address_allowlist.length > 0,
              ),
            ).toBe(true);
        }
      },
    ),
    { numRuns: 150 },
  );
}, 60_000);
