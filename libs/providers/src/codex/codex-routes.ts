import type { ProviderRoute } from '@bot-bottle/egress';
import type { BottleManifest } from '@bot-bottle/manifest';

/** Name under which the host's access token is known; the bottle and its manifest have no use for it. */
export const hostTokenRef = 'CODEX_HOST_ACCESS_TOKEN';

/** Env names that Codex itself reads a credential from. */
const credentialEnv = ['OPENAI_API_KEY', 'CODEX_API_KEY', 'CODEX_ACCESS_TOKEN'];

/**
 * The two hosts Codex speaks to: ChatGPT's for a subscription, the API for a key. Where tokens are issued and renewed
 * (auth.openai.com) is not among them.
 */
export function codexRoutes(bottle: BottleManifest): readonly ProviderRoute[] {
  const subscription = {
    host: 'chatgpt.com',
    pathAllowlist: ['/backend-api/codex/', '/backend-api/wham/accounts/check'],
  };
  const api = { host: 'api.openai.com', pathAllowlist: ['/v1/'] };
  if (bottle.agentProvider.forwardHostCredentials)
    return [api, { ...subscription, auth: { scheme: 'Bearer', tokenRef: hostTokenRef } }];
  const envSecrets = credentialEnv.filter((name) => {
    const value = bottle.env[name];
    return value !== undefined && value.kind !== 'literal';
  });
  const own = { authorization: 'agent', envSecrets } as const;
  return [
    { ...api, ...own },
    { ...subscription, ...own },
  ];
}
