import type { BottleManifest } from '@bot-bottle/manifest';
import type { ProviderRoute } from '@bot-bottle/egress';

/** Env names that Claude Code itself reads a credential from. */
const credentialEnv = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'CLAUDE_CODE_OAUTH_TOKEN'];

/**
 * The one host Claude Code needs. The paths leave out `/api/oauth/`, where a login token can be traded for an API key
 * that the agent could then read.
 */
export function claudeRoutes(bottle: BottleManifest): readonly ProviderRoute[] {
  const { authToken } = bottle.agentProvider;
  const base = { host: 'api.anthropic.com', pathAllowlist: ['/v1/', '/api/claude_code/'] };
  if (authToken !== null) return [{ ...base, auth: { scheme: 'Bearer', tokenRef: authToken } }];
  // The operator put the credential into the bottle: the agent sends it, and it may leave to this host only.
  const envSecrets = credentialEnv.filter((name) => {
    const value = bottle.env[name];
    return value !== undefined && value.kind !== 'literal';
  });
  return [{ ...base, authorization: 'agent', agentHeaders: ['x-api-key'], envSecrets }];
}
