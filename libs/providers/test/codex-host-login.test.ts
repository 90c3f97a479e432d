import { describe, expect, it } from 'vitest';
import { readHostLogin } from '../src/codex/host-login.ts';
import { unsignedJwt } from '../src/codex/jwt.ts';
import { codexProvider, ProviderError } from '../src/index.ts';
import { hostAuth, now, seconds } from './codex-login.ts';
import { sampleContext } from './sample-context.ts';

const place = { path: '/home/me/.codex/auth.json', now };

function failure(text: string | null): ProviderError {
  try {
    readHostLogin(text, place);
  } catch (error) {
    if (ProviderError.isInstance(error)) return error;
    throw error;
  }
  throw new Error('the login was accepted');
}

describe('the login of the host', () => {
  it.each(['chatgpt', 'user'])('of mode %s is taken', (mode) => {
    expect(readHostLogin(hostAuth({ top: { auth_mode: mode } }), place)).toMatchObject({
      authMode: mode,
      accountId: 'acc-0f3e',
      expiresAt: new Date((seconds + 3600) * 1000),
    });
  });

  const none = { auth_mode: undefined };
  it.each([
    ['missing', null, 'is not there: Codex is not logged in on this host'],
    ['not JSON', 'sk-secret {', 'is not JSON'],
    ['no object', '["secret"]', 'holds no JSON object'],
    ['an API key', hostAuth({ top: { auth_mode: 'apikey' } }), 'has the auth_mode apikey'],
    ['an API key in other words', hostAuth({ top: { auth_mode: 'api_key' } }), 'has the auth_mode api_key'],
    ['a mode nobody knows', hostAuth({ top: { auth_mode: 'device' } }), 'has the auth_mode device'],
    ['no mode', hostAuth({ top: none }), 'names no auth_mode'],
    [
      'a mode that could be a secret',
      hostAuth({ top: { auth_mode: 'sk-SECRET-0' } }),
      'has an unknown auth_mode',
    ],
    ['no tokens', hostAuth({ top: { tokens: null } }), 'holds no tokens'],
    ['tokens in a list', hostAuth({ top: { tokens: ['secret'] } }), 'holds no tokens'],
    ['no access token', hostAuth({ tokens: { access_token: '' } }), 'holds no access token'],
    ['a token that is no JWT', hostAuth({ tokens: { access_token: 'sess-secret' } }), 'that is not a JWT'],
    [
      'a token without end',
      hostAuth({ tokens: { access_token: unsignedJwt({ sub: 'x' }) } }),
      'does not say when it expires',
    ],
    ['an expired token', hostAuth({ exp: seconds }), 'expired at 2026-11-26T12:00:00.000Z'],
    ['a strange account', hostAuth({ tokens: { account_id: 'a b' } }), 'an account id of an unknown form'],
  ])('with %s is refused with the remedy', (_name, text, message) => {
    const error = failure(text);
    expect(error).toMatchObject({ code: 'host_login' });
    expect(error.message).toContain(message);
    expect(error.message).toContain(place.path);
    expect(error.hint).toContain('codex login --device-auth');
    expect(JSON.stringify([error.message, error.hint, error.data, error.cause])).not.toMatch(/secret/i);
  });
});

describe('codex', () => {
  const forwarding = (changes: Partial<Parameters<typeof codexProvider.plan>[0]> = {}) => ({
    ...sampleContext({ template: 'codex', forwardHostCredentials: true }),
    ...changes,
  });

  it('reads the login from CODEX_HOME, else from the home, and fails before anything starts', async () => {
    const asked: string[] = [];
    const readHostFile = async (path: string): Promise<null> => (
      asked.push(path),
      await Promise.resolve(null)
    );
    await expect(codexProvider.plan(forwarding({ readHostFile }))).rejects.toMatchObject({
      code: 'host_login',
    });
    const hostEnv = (name: string): string | undefined => (name === 'CODEX_HOME' ? '/srv/codex' : undefined);
    await expect(codexProvider.plan(forwarding({ readHostFile, hostEnv }))).rejects.toThrow(
      '/srv/codex/auth.json',
    );
    expect(asked).toEqual(['/home/me/.codex/auth.json', '/srv/codex/auth.json']);
  });

  it('injects the host’s token for ChatGPT only, and names where it is', async () => {
    const plan = await codexProvider.plan(
      forwarding({ readHostFile: async () => await Promise.resolve(hostAuth()) }),
    );
    expect(plan.egressRoutes).toEqual([
      { host: 'api.openai.com', pathAllowlist: ['/v1/'] },
      {
        host: 'chatgpt.com',
        pathAllowlist: ['/backend-api/codex/', '/backend-api/wham/accounts/check'],
        auth: { scheme: 'Bearer', tokenRef: 'CODEX_HOST_ACCESS_TOKEN' },
      },
    ]);
    expect(plan.secretRefs).toEqual({
      CODEX_HOST_ACCESS_TOKEN: {
        kind: 'provider-file',
        path: '/home/me/.codex/auth.json',
        pointer: '/tokens/access_token',
        unchanged: { '/auth_mode': 'chatgpt', '/tokens/account_id': 'acc-0f3e' },
        remedy: expect.stringContaining('codex login --device-auth'),
      },
    });
    expect(plan.verify[0]).toMatchObject({ expectOutput: 'Logged in using ChatGPT' });
    expect(JSON.stringify(plan)).not.toContain('host-secret');
  });

  it('without a login lets the agent’s own key pass, and an env secret leave to these hosts only', async () => {
    const plan = await codexProvider.plan(
      sampleContext({ template: 'codex' }, { OPENAI_API_KEY: { kind: 'host', name: 'KEY' } }),
    );
    expect(plan.egressRoutes).toMatchObject([
      { host: 'api.openai.com', authorization: 'agent', envSecrets: ['OPENAI_API_KEY'] },
      { host: 'chatgpt.com', authorization: 'agent', envSecrets: ['OPENAI_API_KEY'] },
    ]);
    expect(plan.files.map(({ path }) => path)).toEqual(['/home/node/.codex/config.toml']);
    expect(plan.secretRefs).toEqual({});
  });

  it('cannot be remote-controlled, and continues the last conversation in both ways', () => {
    const runtime = codexProvider.runtime(sampleContext());
    expect(runtime.remoteControlArgs).toEqual([]);
    expect(runtime.resumeArgs).toEqual(['resume', '--last']);
    expect(runtime.headlessArgs('-x', { resume: false })).toEqual({
      args: ['exec', '--', '-x'],
      stdin: null,
    });
    expect(runtime.headlessArgs('-x', { resume: true }).args).toEqual([
      'exec',
      'resume',
      '--last',
      '--',
      '-x',
    ]);
  });
});
