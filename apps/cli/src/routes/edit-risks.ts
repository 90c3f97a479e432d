import { visibleLine } from '@bot-bottle/audit';
import type { RouteTable } from '@bot-bottle/egress';
import { routeKeys, type RouteManifest } from '@bot-bottle/manifest';
import { egressRisks, grantText, type Grant } from '@bot-bottle/supervise';
import type { EditedRoutes } from './edited-table.ts';

/** What to think of first about routes that an operator edited, one visible line each; [] when nothing is new. */
export function editRisks(before: EditedRoutes, after: EditedRoutes, table: RouteTable): string[] {
  const known = new Map(before.routes.map((route) => [route.host, route]));
  const grants = new Set(before.grants.map((grant) => JSON.stringify(grant)));
  const kept = new Set(after.routes.map(({ host }) => host));
  return [
    ...before.routes
      .filter(({ host }) => !kept.has(host))
      .map(({ host }) => `${show(host)}: no route any more`),
    ...after.routes.flatMap((route) => routeRisks(route, known.get(route.host) ?? null, table)),
    ...after.grants
      .filter((grant) => !grants.has(JSON.stringify(grant)))
      .flatMap((grant) => [
        `gives ${grantText(grant)}`,
        ...egressRisks(grant, table).map((risk) => `  ${risk}`),
      ]),
  ];
}

const show = (text: string): string => visibleLine(text, 8192);

function routeRisks(route: RouteManifest, before: RouteManifest | null, table: RouteTable): string[] {
  if (before !== null && JSON.stringify(routeKeys(before)) === JSON.stringify(routeKeys(route))) return [];
  const risks = [
    ...reachRisks(route, before, table),
    ...credentialRisks(route, before),
    ...scanRisks(route, before),
  ];
  return risks.map((risk) => `${show(route.host)}: ${risk}`);
}

function reachRisks(route: RouteManifest, before: RouteManifest | null, table: RouteTable): string[] {
  const reach = ({ ports, pathAllowlist, methods }: RouteManifest): string =>
    JSON.stringify([ports, pathAllowlist, methods]);
  const asGrant: Grant = {
    host: route.host,
    ports: [...route.ports],
    path_allowlist: [...route.pathAllowlist],
    methods: [...route.methods],
    minutes: null,
    inject: false,
  };
  // What is said of credentials of grants is not true of a route.
  const bare = { ...table, routes: table.routes.map((row) => ({ ...row, auth: null })) };
  return [
    ...(before !== null && reach(before) === reach(route) ? [] : egressRisks(asGrant, bare)),
    ...added('git can be fetched', [route.git.fetch ? '' : null], [before?.git.fetch === true ? '' : null]),
    ...added('may be at these private addresses:', route.addressAllowlist, before?.addressAllowlist),
  ];
}

function credentialRisks(route: RouteManifest, before: RouteManifest | null): string[] {
  const { auth } = route;
  const isNew = auth !== null && JSON.stringify(auth) !== JSON.stringify(before?.auth ?? null);
  const isWider = auth !== null && !isNew && before !== null;
  return [
    ...(isNew ? [`the credential ${auth.tokenRef} is added to its requests`] : []),
    ...(isWider ? [`the credential ${auth.tokenRef} goes along with what it allows now`] : []),
    ...(route.authorization === 'agent' && before?.authorization !== 'agent'
      ? ["the agent's own Authorization header passes"]
      : []),
    ...added("these headers of the agent's own pass:", route.agentHeaders, before?.agentHeaders),
    ...added('these env secrets may leave to it:', route.envSecrets, before?.envSecrets),
  ];
}

function scanRisks({ dlp }: RouteManifest, before: RouteManifest | null): string[] {
  const was = before?.dlp ?? null;
  if (JSON.stringify(dlp) === JSON.stringify(was ?? { outbound: null, inbound: null, onMatch: null }))
    return [];
  if (dlp.outbound?.length === 0) return ['what leaves is not scanned'];
  const detectors = dlp.outbound === null ? 'the usual detectors' : dlp.outbound.join(' ');
  return [`what leaves is scanned by ${detectors}; a match: ${dlp.onMatch ?? 'block'}`];
}

function added(
  what: string,
  now: ReadonlyArray<string | null>,
  before: ReadonlyArray<string | null> = [],
): string[] {
  const fresh = now.filter((each) => each !== null && !before.includes(each));
  return fresh.length === 0 ? [] : [`${what} ${fresh.join(' ')}`.trimEnd()].map(show);
}
