import { ProviderError } from '../errors.ts';
import { isRecord, jwtClaims, jwtExpiry } from './jwt.ts';

/** How the Codex CLI of the host is logged in; holds tokens, and goes no further than the plan's making. */
export interface HostLogin {
  readonly authMode: 'chatgpt' | 'user';
  readonly accountId: string | null;
  readonly expiresAt: Date;
  /** the whole file */
  readonly auth: Readonly<Record<string, unknown>>;
}

/** An identifier as OpenAI's accounts have: it is the one value of the file that goes into the bottle as it is. */
const accountIdShape = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Checks the login that Codex keeps in `auth.json`. No message holds a value of the file but the name of its mode.
 *
 * @param text content of the file, null when there is none
 * @throws ProviderError `host_login`
 */
export function readHostLogin(
  text: string | null,
  place: { readonly path: string; readonly now: Date },
): HostLogin {
  const unusable = (what: string): ProviderError => hostLoginError(place.path, what);
  if (text === null) throw unusable('is not there: Codex is not logged in on this host');
  const auth = parsed(text);
  if (auth === undefined) throw unusable('is not JSON');
  if (!isRecord(auth)) throw unusable('holds no JSON object');
  const mode = auth['auth_mode'];
  if (mode !== 'chatgpt' && mode !== 'user')
    throw unusable(`${modeProblem(mode)}; only a ChatGPT login can be forwarded`);
  const { tokens } = auth;
  if (!isRecord(tokens)) throw unusable('holds no tokens');
  const accessToken = tokens['access_token'];
  if (typeof accessToken !== 'string' || accessToken === '') throw unusable('holds no access token');
  const claims = jwtClaims(accessToken);
  if (claims === null) throw unusable('holds an access token that is not a JWT');
  const expiresAt = jwtExpiry(claims);
  if (expiresAt === null) throw unusable('holds an access token that does not say when it expires');
  if (expiresAt <= place.now)
    throw unusable(`holds an access token that expired at ${expiresAt.toISOString()}`);
  const accountId = tokens['account_id'] ?? null;
  if (accountId !== null && (typeof accountId !== 'string' || !accountIdShape.test(accountId)))
    throw unusable('holds an account id of an unknown form');
  return { authMode: mode, accountId, expiresAt, auth };
}

/** A login of the host that cannot be used, with what is to be done. */
export function hostLoginError(path: string, what: string): ProviderError {
  return new ProviderError('host_login', `${path} ${what}`, {
    hint: 'log in on the host with `codex login --device-auth`, or leave out agent_provider.forward_host_credentials',
    data: { path },
  });
}

/** undefined: it is none. The parser's message quotes the text, so it is not kept. */
function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

function modeProblem(mode: unknown): string {
  if (mode === undefined) return 'names no auth_mode';
  // A name; anything longer could be a value that was put in the wrong place.
  if (typeof mode === 'string' && /^[a-z_]{1,24}$/.test(mode)) return `has the auth_mode ${mode}`;
  return 'has an unknown auth_mode';
}
