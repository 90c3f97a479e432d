import type { Route } from '../contracts.ts';
import { EgressError } from '../errors.ts';
import { defaultDlp } from './default-dlp.ts';
import { checkRoute } from './parse-route.ts';

/** Reach that a human adds to a running bottle. */
export interface GrantRequest {
  readonly host: string;
  readonly ports: readonly number[];
  /** [] allows every path */
  readonly path_allowlist: readonly string[];
  /** [] allows every method */
  readonly methods: readonly string[];
  /** whether the credential of the host's route is added */
  readonly inject: boolean;
}

/**
 * The rows of a grant: one for TLS, one for plaintext where port 80 is among its ports (which never gets a credential).
 * What leaves is scanned as on any route of a manifest.
 *
 * @param expiresAt milliseconds since the epoch, null: never
 * @throws EgressError `invalid_route` with all problems
 */
export function grantRows(grant: GrantRequest, expiresAt: number | null): readonly Route[] {
  const secure = grant.ports.filter((port) => port !== 80);
  const rows = [
    ...(secure.length > 0 ? [rowOf(grant, 'https', secure, expiresAt)] : []),
    ...(secure.length < grant.ports.length
      ? [rowOf({ ...grant, inject: false }, 'http', [80], expiresAt)]
      : []),
  ];
  const problems = rows.flatMap((row) => {
    const check = checkRoute(row);
    return 'route' in check ? [] : check.problems;
  });
  if (problems.length === 0) return rows;
  const unique = [...new Set(problems)];
  throw new EgressError('invalid_route', `invalid grant: ${unique.join('; ')}`, { problems: unique });
}

function rowOf(
  grant: GrantRequest,
  scheme: Route['scheme'],
  ports: readonly number[],
  expiresAt: number | null,
): Route {
  return {
    host: grant.host,
    ports: [...ports],
    scheme,
    path_allowlist: [...grant.path_allowlist],
    methods: [...grant.methods],
    auth: null,
    authorization: 'strip',
    agent_headers: [],
    env_secrets: [],
    git: { fetch: false },
    dlp: defaultDlp('manifest'),
    address_allowlist: [],
    owner: 'grant',
    expires_at: expiresAt,
    inject: grant.inject,
  };
}
