import type { Route } from '../contracts.ts';
import type { GrantRequest } from './grant-rows.ts';

export interface TimedGrant {
  readonly grant: GrantRequest;
  /** milliseconds since the epoch, null: never */
  readonly expiresAt: number | null;
}

/** The grants of a table, in order: the way back from `grantRows`, whose two rows become one grant again. */
export function rowsToGrants(rows: readonly Route[]): TimedGrant[] {
  const grants: TimedGrant[] = [];
  let before: Route | null = null;
  for (const row of rows) {
    if (row.owner !== 'grant') continue;
    const last = before === null || !isPlaintextOf(before, row) ? undefined : grants.pop();
    grants.push({
      grant: {
        host: row.host,
        ports: [...(last?.grant.ports ?? []), ...row.ports],
        path_allowlist: [...row.path_allowlist],
        methods: [...row.methods],
        inject: last?.grant.inject ?? row.inject,
      },
      expiresAt: row.expires_at,
    });
    before = row;
  }
  return grants;
}

/** Whether a row is the plaintext half of the grant whose other half is `secure`. */
function isPlaintextOf(secure: Route, row: Route): boolean {
  if (secure.scheme !== 'https' || row.scheme !== 'http') return false;
  const rest = (each: Route): string => JSON.stringify({ ...each, scheme: null, ports: null, inject: null });
  return rest(secure) === rest(row);
}
