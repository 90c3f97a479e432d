import { matchHost, type Route, type RouteTable } from '@bot-bottle/egress';
import { whole } from '../text-lines.ts';
import type { Grant } from './egress-schema.ts';
import { isEveryPath, rowsFor, timeText } from './egress-text.ts';
import { joinedRows } from './joined-rows.ts';
import { lentCredential } from './lent-credential.ts';
import { uploadHosts } from './upload-hosts.ts';

/** Methods that change nothing at the other side (RFC 9110, section 9.2.1). */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Names that usually lead into a private network (RFC 6762, RFC 8375, RFC 6761). */
const privateName =
  /(?:^|\.)(?:localhost|local|localdomain|internal|intranet|lan|home|corp|private|svc|home\.arpa|test)$|^[^.]+$/;

/**
 * What to think of first about more reach.
 *
 * @param table routes at present; null: not known
 */
export function egressRisks(grant: Grant, table: RouteTable | null): string[] {
  const rows = table === null ? null : rowsFor(grant.host, table);
  return [
    ...(grant.inject ? credentialRisks(grant, table) : []),
    ...uploadRisks(grant.host),
    ...(privateName.test(grant.host.replace(/^\*\./, ''))
      ? [`${whole(grant.host)} looks like a name of a private network`]
      : []),
    ...(table === null ? [] : addressRisks(grant, table)),
    ...(grant.host.startsWith('*.') ? [`covers every host below ${whole(grant.host.slice(2))}`] : []),
    ...(rows === null ? [] : [reachRisk(grant, rows)]),
    ...(grant.ports.includes(80) ? ['in plaintext: everybody on the way can read and change it'] : []),
    ...writeRisks(grant.methods),
    ...(isEveryPath(grant) ? ['every path of the host'] : []),
    ...(!grant.inject && rows?.some(({ auth }) => auth !== null) === true
      ? ['the credential of its route is not added to what this allows']
      : []),
    ...(grant.minutes === null ? [timeText(null)] : []),
  ];
}

function reachRisk({ host }: Grant, rows: readonly Route[]): string {
  return rows.length === 0
    ? `a new host: no route of this bottle has ${whole(host)}`
    : `widens what this bottle may do at ${whole(host)}`;
}

function credentialRisks({ host, ports }: Grant, table: RouteTable | null): string[] {
  if (ports.every((port) => port === 80)) return ['no credential is added in plaintext'];
  if (table === null) return ['adds the credential of its route to these requests'];
  const slot = lentCredential(host, table);
  return [
    slot === null
      ? `adds a credential, but no route of ${whole(host)} has one`
      : `adds the credential ${slot} to these requests`,
  ];
}

/** A grant has no addresses of its own, but it goes where the operator let its host go. */
function addressRisks({ host }: Grant, table: RouteTable): string[] {
  const ranges = new Set(joinedRows(host, table).flatMap((route) => route.address_allowlist));
  return ranges.size === 0
    ? []
    : [`may go to these private addresses, as its route may: ${[...ranges].map(whole).join(' ')}`];
}

function writeRisks(methods: readonly string[]): string[] {
  if (methods.length === 0) return ['every method, so also those that write'];
  const writes = methods.filter((method) => !safeMethods.has(method));
  return writes.length === 0 ? [] : [`methods that write: ${writes.map(whole).join(' ')}`];
}

/** That a host, or one that a wildcard covers, takes data of anybody for anybody. */
export function uploadRisks(host: string): string[] {
  const name = host.replace(/^\*\./, '');
  const known = uploadHosts.find(
    (each) => name === each || name.endsWith(`.${each}`) || matchHost(host, each),
  );
  return known === undefined ? [] : [`anybody can put data at ${known} for anybody: a way out for secrets`];
}
