import { unsignedJwt } from '../src/codex/jwt.ts';

export const now = new Date('2026-11-26T12:00:00Z');
export const seconds = Math.floor(now.getTime() / 1000);

/** Text of an `auth.json` as the Codex CLI writes it after a ChatGPT login, with the given changes. */
export function hostAuth(
  changes: {
    readonly top?: Record<string, unknown>;
    readonly tokens?: Record<string, unknown>;
    readonly exp?: number;
  } = {},
): string {
  const claims = {
    aud: ['https://api.openai.com/v1'],
    email: 'someone@private.example',
    exp: changes.exp ?? seconds + 3600,
    iat: seconds - 60,
    iss: 'https://auth.openai.com',
    sub: 'auth0|private-subject',
    'https://api.openai.com/auth': {
      chatgpt_account_id: 'acc-0f3e',
      chatgpt_plan_type: 'plus',
      chatgpt_user_id: 'user-private',
      organizations: [{ id: 'org-private', title: 'Private' }],
      localhost: true,
    },
  };
  return JSON.stringify({
    auth_mode: 'chatgpt',
    OPENAI_API_KEY: null,
    tokens: {
      id_token: unsignedJwt(claims),
      access_token: unsignedJwt({ ...claims, jti: 'host-secret' }),
      refresh_token: 'rt_host-secret',
      account_id: 'acc-0f3e',
      ...changes.tokens,
    },
    last_refresh: '2026-11-20T00:00:00Z',
    ...changes.top,
  });
}
