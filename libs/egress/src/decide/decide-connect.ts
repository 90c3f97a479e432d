import type { Route, RouteTable } from '../contracts.ts';
import { localHost } from '../routes/local-host.ts';
import { candidateRows } from './candidate-rows.ts';
import { deny } from './decision.ts';
import type { DenyDecision } from './decision.ts';

export type ConnectDecision =
  | { readonly kind: 'local' }
  | {
      readonly kind: 'allow';
      /** what the rows for this host and port call for inside the tunnel; more than one only with grants */
      readonly schemes: ReadonlySet<Route['scheme']>;
      readonly rule: string;
    }
  | DenyDecision;

/**
 * Decides on a CONNECT, when only host and port are known. A denial is meant to be read inside the tunnel; nothing may
 * be resolved or dialled for it.
 *
 * @param host normalised
 * @param now milliseconds since the epoch
 */
export function decideConnect(table: RouteTable, host: string, port: number, now: number): ConnectDecision {
  if (host === localHost) return { kind: 'local' };
  const candidates = candidateRows(table, host, now);
  if (candidates === null) return deny('host_not_allowed', { ask: { host, ports: [port] } });
  const rows = candidates.rows.filter((row) => row.route.ports.includes(port));
  const [first] = rows;
  if (first === undefined) {
    return deny('port_not_allowed', {
      rule: candidates.rows[0]?.rule ?? null,
      ask: candidates.grantable ? { host, ports: [port] } : null,
    });
  }
  return { kind: 'allow', schemes: new Set(rows.map((row) => row.route.scheme)), rule: first.rule };
}
