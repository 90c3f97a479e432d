import {
  buildRoutes,
  decide,
  parseRequestHead,
  tableDigest,
  type Decision,
  type RouteTable,
} from '@bot-bottle/egress';
import type { Grant } from '@bot-bottle/supervise';
import { LiveRoutes, type SendTable } from '../src/owner/live-routes.ts';

const auth = { scheme: 'Bearer' } as const;

/** Routes of a bottle: two hosts of the provider, and some of the manifest with and without credentials. */
export const sampleRoutes = buildRoutes(
  [
    { host: 'api.provider.example', pathAllowlist: ['/v1/'], auth: { ...auth, tokenRef: 'PROVIDER' } },
    { host: '*.cdn.provider.example', methods: ['GET'] },
  ],
  [
    {
      host: 'api.example.com',
      pathAllowlist: ['/repos/me'],
      methods: ['GET'],
      auth: { ...auth, tokenRef: 'GITHUB' },
    },
    { host: '*.wild.example.com', pathAllowlist: ['/a'], auth: { ...auth, tokenRef: 'WILD' } },
    { host: 'plain.example.com', ports: [80, 443] },
  ],
);

export function sampleGrant(changes: Partial<Grant> = {}): Grant {
  const reach = { host: 'new.example.com', ports: [443], path_allowlist: ['/x'], methods: ['GET'] };
  return { ...reach, minutes: 5, inject: false, ...changes };
}

export interface FakeEgress {
  /** the table in force */
  readonly table: () => RouteTable;
  /** what the next table meets, instead of being taken */
  readonly fates: SendTable[];
  readonly routes: LiveRoutes;
  readonly clock: { now: number };
}

/** Live routes before an egress that takes every table unless it is told otherwise. */
export function fakeEgress(): FakeEgress {
  const clock = { now: 1_000_000 };
  const routes = new LiveRoutes(sampleRoutes, () => clock.now);
  let inForce = routes.view.table;
  const fates: SendTable[] = [];
  routes.connect(async (table, signal) => {
    const fate = fates.shift();
    if (fate !== undefined) return await fate(table, signal);
    inForce = table;
    return tableDigest(table);
  });
  return { routes, fates, clock, table: () => inForce };
}

/** Decides on a request inside a tunnel, as egress would. */
export function decideOn(table: RouteTable, url: string, method = 'GET', now = 0): Decision {
  const { protocol, hostname, port, pathname } = new URL(url);
  const head = parseRequestHead(
    Buffer.from(
      `${method} ${pathname} HTTP/1.1\r\nHost: ${hostname}${port === '' ? '' : `:${port}`}\r\n\r\n`,
    ),
  );
  if (!head.ok) throw new Error(head.reason);
  const tls = protocol === 'https:';
  const to = { host: hostname, port: Number(port === '' ? (tls ? 443 : 80) : port) };
  return decide(
    table,
    { head: head.head, via: { kind: 'tunnel', ...to, tls, sni: tls ? hostname : null } },
    now,
  );
}
