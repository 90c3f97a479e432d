import { createHash } from 'node:crypto';
import type { RouteTable } from '../contracts.ts';
import { routeToFields } from './parse-route.ts';

/** SHA-256, hex, of the table's canonical JSON: every field of every row, keys sorted, no blanks. */
export function tableDigest(table: RouteTable): string {
  const value = { version: table.version, routes: table.routes.map(routeToFields) };
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}
