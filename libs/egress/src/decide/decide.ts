import { normalizePath } from '@bot-bottle/manifest';
import type { NormalPath } from '@bot-bottle/manifest';
import type { RouteTable } from '../contracts.ts';
import { formatAuthority } from '../hosts/parse-authority.ts';
import { stripCredentialQuery } from '../path/credential-query.ts';
import { gitService } from '../path/git-service.ts';
import { pathAllowed } from '../path/path-allowed.ts';
import { localHost } from '../routes/local-host.ts';
import { candidateRows } from './candidate-rows.ts';
import type { Candidates, Row } from './candidate-rows.ts';
import { decideLocal } from './decide-local.ts';
import { deny } from './decision.ts';
import type { AllowDecision, Decision, DecisionRequest, DenyDecision } from './decision.ts';
import { sniAgrees } from './decide-tunnel.ts';

interface Destination {
  readonly scheme: 'https' | 'http';
  readonly host: string;
  readonly port: number;
}

/**
 * Decides on one request whose head passed the strict parser: steps 2 to 6 of chapter 03, in that order. In a tunnel
 * the destination is the CONNECT host and port, since that is what would be dialled; that the request means the same
 * host is the last step.
 *
 * @param now milliseconds since the epoch, from a clock that does not jump
 */
export function decide(table: RouteTable, request: DecisionRequest, now: number): Decision {
  const { head, via } = request;
  const form = checkForm(request);
  if (form !== null) return form;
  if (via.kind === 'proxy' && head.form === 'origin') return decideLocal(head);
  const to = destination(request);
  if (to.host === localHost) return misdirected(request) ?? decideLocal(head, to);
  const git = gitService(head.path);
  if (git === 'push') return deny('git_push_over_https');
  const candidates = candidateRows(table, to.host, now);
  if (candidates === null) return deny('host_not_allowed', { ask: ask(to, request) });
  const rows = reachableRows(candidates, to, git, request);
  if ('kind' in rows) return rows;
  const allowed = matchRow(rows, candidates, to, request);
  if (allowed.kind === 'deny') return allowed;
  return misdirected(request) ?? { ...allowed, git };
}

/** The part of step 1 that depends on where the request came in. */
function checkForm({ head, via }: DecisionRequest): Decision | null {
  if (via.kind === 'tunnel') {
    if (head.form === 'authority') return deny('method_refused');
    const scheme = via.tls ? 'https' : 'http';
    return head.scheme === null || head.scheme === scheme ? null : deny('misdirected');
  }
  if (head.form === 'absolute' && head.scheme === 'http') return null;
  if (head.form === 'origin' && head.path === '/health') return null;
  const message =
    head.form === 'absolute'
      ? 'Requests for https URLs go through CONNECT.'
      : 'The proxy takes absolute http URLs and CONNECT, and answers /health.';
  return deny('malformed_request', { message });
}

function destination({ head, via }: DecisionRequest): Destination {
  if (via.kind === 'tunnel') return { scheme: via.tls ? 'https' : 'http', host: via.host, port: via.port };
  return { scheme: 'http', host: head.host, port: head.port ?? 80 };
}

/** Step 4, and the part of step 3 that needs a route. */
function reachableRows(
  candidates: Candidates,
  to: Destination,
  git: 'fetch' | null,
  request: DecisionRequest,
): readonly Row[] | DenyDecision {
  const rule = candidates.rows[0]?.rule ?? null;
  let { rows } = candidates;
  if (git === 'fetch') {
    rows = rows.filter((row) => row.route.git.fetch);
    if (rows.length === 0) return deny('git_fetch_not_allowed', { rule });
  }
  // A credential travels only on TLS, and no grant may open a way around that.
  if (to.scheme === 'http' && candidates.rows.some((row) => row.route.auth !== null)) {
    return deny('plaintext_not_allowed', { rule });
  }
  const open = rows.filter((row) => row.route.ports.includes(to.port));
  if (open.length === 0) return deny('port_not_allowed', { rule, ask: grantable(candidates, to, request) });
  const matching = open.filter((row) => row.route.scheme === to.scheme);
  if (matching.length > 0) return matching;
  if (to.scheme === 'http') return deny('plaintext_not_allowed', { rule });
  return deny('port_not_allowed', {
    rule,
    message: 'The route for this host allows only plaintext on this port.',
  });
}

/** Step 5: the first row whose methods and paths allow the request. */
function matchRow(
  rows: readonly Row[],
  candidates: Candidates,
  to: Destination,
  request: DecisionRequest,
): AllowDecision | DenyDecision {
  const { head } = request;
  let normal: NormalPath | null = null;
  let refusal: DenyDecision | null = null;
  for (const row of rows) {
    const { route } = row;
    if (route.methods.length > 0 && !methodAllowed(route.methods, head.method)) {
      refusal ??= deny('method_not_allowed', {
        rule: row.rule,
        ask: grantable(candidates, to, request),
      });
      continue;
    }
    if (route.path_allowlist.length === 0) return allow(row, candidates, to, head.path);
    normal ??= normalizePath(head.path);
    if (!normal.ok)
      return deny('path_not_allowed', { rule: row.rule, message: `Refused: ${normal.reason}.` });
    if (pathAllowed(normal.path, route.path_allowlist)) {
      return allow(
        row,
        candidates,
        to,
        normal.query === null ? normal.path : `${normal.path}?${normal.query}`,
      );
    }
    refusal = deny('path_not_allowed', { rule: row.rule, ask: grantable(candidates, to, request) });
  }
  return refusal ?? deny('path_not_allowed');
}

// HEAD is GET without the body (RFC 9110 9.3.2); allowing one and not the other protects nothing.
function methodAllowed(methods: readonly string[], method: string): boolean {
  return methods.includes(method) || (method === 'HEAD' && methods.includes('GET'));
}

function allow(row: Row, candidates: Candidates, to: Destination, path: string): AllowDecision {
  const { route } = row;
  const base =
    candidates.rows.find((candidate) => candidate.route.auth !== null)?.route ?? baseOf(row, candidates);
  const credential = route.owner === 'grant' && !route.inject ? null : base.auth;
  const injectAuth = to.scheme === 'https' ? credential : null;
  return {
    kind: 'allow',
    route,
    base,
    row: row.index,
    rule: row.rule,
    scheme: to.scheme,
    host: to.host,
    port: to.port,
    path: base.auth === null ? path : stripCredentialQuery(path),
    // What the operator said of the host's addresses holds for whatever else is granted at that host.
    addressAllowlist: base.owner === 'grant' ? [] : base.address_allowlist,
    constrained: route.methods.length > 0 || route.path_allowlist.length > 0,
    injectAuth,
    agentAuthorization: route.authorization === 'agent' && base.auth === null,
    git: null,
  };
}

function baseOf(row: Row, candidates: Candidates): Row['route'] {
  if (row.route.owner !== 'grant') return row.route;
  return candidates.rows.find((candidate) => candidate.route.owner !== 'grant')?.route ?? row.route;
}

/** Step 6: SNI, CONNECT host and the request's own authority are one. */
function misdirected({ head, via }: DecisionRequest): DenyDecision | null {
  if (via.kind === 'proxy') return null;
  const port = head.port ?? via.port;
  const same = head.host === via.host && port === via.port && (!via.tls || sniAgrees(via.sni, via.host));
  if (same) return null;
  return deny('misdirected', {
    message: `SNI, CONNECT host and request authority disagree in a tunnel to ${formatAuthority(via.host, via.port, 443)}.`,
  });
}

/** What a human could be asked for, null when that cannot help. */
function grantable(
  candidates: Candidates,
  to: Destination,
  request: DecisionRequest,
): Readonly<Record<string, unknown>> | null {
  return candidates.grantable ? ask(to, request) : null;
}

/** Arguments of the tool `egress-block` but for the justification: just what this request needs. */
function ask(to: Destination, { head }: DecisionRequest): Readonly<Record<string, unknown>> {
  const path = head.path.split('?')[0] ?? head.path;
  const normal = normalizePath(path);
  return {
    host: to.host,
    ports: [to.port],
    methods: [head.method],
    ...(normal.ok ? { path_allowlist: [normal.path] } : {}),
  };
}
