import { plantedSecret } from './secrets.ts';

export const accountId = '7d1f0c1e-1111-4222-8333-944455556666';

/** A ChatGPT login as the Codex CLI keeps it on the host, of random tokens. */
export interface HostLogin {
  /** of auth.json */
  readonly text: string;
  readonly accessToken: string;
  /** every text of it that must not be in a bottle */
  readonly secrets: readonly string[];
}

/** @param expiresInSeconds of the access token, default an hour */
export function hostLogin(expiresInSeconds = 3600): HostLogin {
  const now = Math.floor(Date.now() / 1000);
  const subject = plantedSecret('auth0');
  const claims = {
    aud: ['https://api.openai.com/v1'],
    email: `${subject}@private.example`,
    exp: now + expiresInSeconds,
    iat: now,
    sub: subject,
    'https://api.openai.com/auth': {
      chatgpt_account_id: accountId,
      chatgpt_plan_type: 'plus',
      chatgpt_user_id: subject,
    },
  };
  const token = (): string => {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    return [part({ alg: 'RS256', typ: 'JWT' }), part(claims), part(plantedSecret('signature'))].join('.');
  };
  const [accessToken, idToken, refreshToken] = [token(), token(), plantedSecret('rt')];
  const text = JSON.stringify({
    auth_mode: 'chatgpt',
    OPENAI_API_KEY: null,
    tokens: {
      id_token: idToken,
      access_token: accessToken,
      refresh_token: refreshToken,
      account_id: accountId,
    },
    last_refresh: new Date().toISOString(),
  });
  return { text, accessToken, secrets: [accessToken, idToken, refreshToken, subject] };
}
