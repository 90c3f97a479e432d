import type { HostLogin } from './host-login.ts';
import { isRecord, jwtClaims, unsignedJwt, type JwtClaims } from './jwt.ts';

const placeholder = 'bot-bottle-placeholder';
const email = 'bot-bottle@example.invalid';
const authClaim = 'https://api.openai.com/auth';
const profileClaim = 'https://api.openai.com/profile';
const timeClaims = new Set(['exp', 'iat', 'nbf', 'auth_time', 'pwd_auth_time', 'rat']);

/**
 * Claims that OpenAI's tokens are known to have (Codex 0.169). Others are left out, name and value: the name of a key is
 * text of the host's file too.
 */
const knownClaims = new Set([
  ...timeClaims,
  'iss',
  'aud',
  'sub',
  'jti',
  'sid',
  'scp',
  'amr',
  'client_id',
  'session_id',
  'at_hash',
  'auth_provider',
  'email',
  'email_verified',
  'name',
  authClaim,
  profileClaim,
]);

const knownAuthClaims = new Set([
  'chatgpt_account_id',
  'chatgpt_account_user_id',
  'chatgpt_compute_residency',
  'chatgpt_plan_type',
  'chatgpt_subscription_active_start',
  'chatgpt_subscription_active_until',
  'chatgpt_subscription_last_checked',
  'chatgpt_user_id',
  'user_id',
  'groups',
  'organizations',
  'organization_id',
  'project_id',
  'is_org_owner',
  'localhost',
  'completed_onboarding',
  'completed_platform_onboarding',
  'chatgpt_account_is_fedramp',
]);

const planType = /^[a-z_]{1,32}$/;
/** Codex does not try to refresh a token that is far from its end; the real one is renewed outside. */
const lifetimeSeconds = 10 * 365 * 24 * 3600;

/**
 * Text of the `auth.json` that stands in the bottle for the host's: of the same shape, with the account's identifier and
 * plan, and nothing that opens anything.
 */
export function guestAuth(login: HostLogin, now: Date): string {
  const tokens = isRecord(login.auth['tokens']) ? login.auth['tokens'] : {};
  const token = (key: string): string => {
    const value = tokens[key];
    return unsignedJwt(guestClaims(typeof value === 'string' ? jwtClaims(value) : null, login, now));
  };
  const auth = {
    auth_mode: login.authMode,
    OPENAI_API_KEY: null,
    tokens: {
      id_token: token('id_token'),
      access_token: token('access_token'),
      refresh_token: placeholder,
      account_id: login.accountId,
    },
    last_refresh: now.toISOString(),
  };
  return `${JSON.stringify(auth, null, 2)}\n`;
}

function guestClaims(claims: JwtClaims | null, login: HostLogin, now: Date): JwtClaims {
  const seconds = Math.floor(now.getTime() / 1000);
  const kept = keepShape(claims ?? { email: '', sub: '' }, knownClaims);
  const found = claims?.[authClaim];
  const auth = isRecord(found) ? found : {};
  return {
    ...kept,
    ...(isRecord(claims?.[profileClaim]) ? { [profileClaim]: { email, email_verified: true } } : {}),
    exp: seconds + lifetimeSeconds,
    [authClaim]: {
      chatgpt_user_id: placeholder,
      user_id: placeholder,
      ...keepShape(auth, knownAuthClaims),
      chatgpt_plan_type: keptPlan(auth['chatgpt_plan_type']),
      chatgpt_account_id: login.accountId ?? placeholder,
    },
  };
}

function keptPlan(value: unknown): string {
  return typeof value === 'string' && planType.test(value) ? value : 'unknown';
}

function keepShape(values: JwtClaims, known: ReadonlySet<string>): Record<string, unknown> {
  const entries = Object.entries(values).filter(([key]) => known.has(key));
  return Object.fromEntries(entries.map(([key, value]) => [key, standIn(key, value)]));
}

/** Something of the same type that says nothing. */
function standIn(key: string, value: unknown): unknown {
  if (key === 'email') return email;
  if (typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number') return timeClaims.has(key) ? value : 0;
  if (Array.isArray(value)) return [];
  return typeof value === 'object' ? {} : placeholder;
}
