import type { RouteTable } from '@bot-bottle/egress';
import { joinedRows } from './joined-rows.ts';

/** Slot of the credential that a grant for `host` could add to requests, null: none. */
export function lentCredential(host: string, table: RouteTable): string | null {
  return joinedRows(host, table).find(({ auth }) => auth !== null)?.auth?.slot ?? null;
}
