import fc from 'fast-check';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { claudeProvider } from '../src/claude/claude-provider.ts';
import { codexConfig } from '../src/codex/codex-config.ts';
import { guestAuth } from '../src/codex/guest-auth.ts';
import { readHostLogin, type HostLogin } from '../src/codex/host-login.ts';
import { isRecord, jwtClaims, unsignedJwt } from '../src/codex/jwt.ts';
import { hostAuth, now, seconds } from './codex-login.ts';
import { sampleContext } from './sample-context.ts';

const place = { path: '/auth.json', now };
const synthesised = (login: HostLogin): Record<string, unknown> => {
  const value: unknown = JSON.parse(guestAuth(login, now));
  if (!isRecord(value)) throw new Error('not an object');
  return value;
};
const guestClaims = (login: HostLogin, key: string): Readonly<Record<string, unknown>> => {
  const { tokens } = synthesised(login);
  const token = isRecord(tokens) ? tokens[key] : null;
  return (typeof token === 'string' ? jwtClaims(token) : null) ?? {};
};

describe('the auth.json of the bottle', () => {
  it('says who pays and for what plan, and nothing else of the host', () => {
    const login = readHostLogin(hostAuth(), place);
    expect(synthesised(login)).toMatchObject({
      auth_mode: 'chatgpt',
      OPENAI_API_KEY: null,
      tokens: { refresh_token: 'bot-bottle-placeholder', account_id: 'acc-0f3e' },
      last_refresh: now.toISOString(),
    });
    for (const key of ['id_token', 'access_token'])
      expect(guestClaims(login, key)).toMatchObject({
        aud: [],
        email: 'bot-bottle@example.invalid',
        iat: seconds - 60,
        iss: 'bot-bottle-placeholder',
        'https://api.openai.com/auth': {
          chatgpt_account_id: 'acc-0f3e',
          chatgpt_plan_type: 'plus',
          chatgpt_user_id: 'bot-bottle-placeholder',
          organizations: [],
          localhost: true,
        },
      });
  });

  it('holds tokens that end far from now, so that no refresh is tried', () => {
    const exp = guestClaims(readHostLogin(hostAuth({ exp: seconds + 1 }), place), 'access_token')['exp'];
    expect(exp).toBeGreaterThan(seconds + 9 * 365 * 24 * 3600);
  });

  it('has tokens of the least form where the host’s cannot be read', () => {
    const login = readHostLogin(hostAuth({ tokens: { id_token: 'nonsense' } }), place);
    expect(guestClaims(login, 'id_token')).toMatchObject({
      email: 'bot-bottle@example.invalid',
      'https://api.openai.com/auth': { chatgpt_account_id: 'acc-0f3e', chatgpt_plan_type: 'unknown' },
    });
  });

  // Marked, so that a word of ours that happens to be in the file is no find.
  const secret = fc.stringMatching(/^[A-Za-z0-9]{6,20}$/).map((text) => `S3c${text}`);
  const anyValue = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      secret,
      fc.boolean(),
      fc.constant(null),
      fc.integer(),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(
        fc.oneof(secret, fc.constantFrom('email', 'sub', 'aud', 'name', 'groups')),
        tie('value'),
        { maxKeys: 4 },
      ),
    ),
  })).value;
  const claims = fc.record({
    known: fc.dictionary(
      fc.constantFrom(
        'email',
        'sub',
        'aud',
        'scp',
        'amr',
        'iss',
        'iat',
        'jti',
        'https://api.openai.com/profile',
      ),
      anyValue,
    ),
    unknown: fc.dictionary(secret, anyValue, { maxKeys: 3 }),
    auth: fc.dictionary(
      fc.constantFrom(
        'chatgpt_plan_type',
        'chatgpt_account_id',
        'user_id',
        'groups',
        'organizations',
        'localhost',
      ),
      anyValue,
    ),
  });

  it('holds no text of a host file, whatever is in that', () => {
    fc.assert(
      fc.property(claims, claims, anyValue, secret, secret, (access, id, other, key, refresh) => {
        const token = ({ known, unknown, auth }: typeof access): string =>
          unsignedJwt({ ...unknown, ...known, 'https://api.openai.com/auth': auth, exp: seconds + 60 });
        const text = JSON.stringify({
          [key]: other,
          auth_mode: 'chatgpt',
          OPENAI_API_KEY: key,
          last_refresh: key,
          tokens: {
            [key]: other,
            access_token: token(access),
            id_token: token(id),
            refresh_token: refresh,
            account_id: 'acc-0f3e',
          },
        });
        const login = readHostLogin(text, place);
        const shown = [
          guestAuth(login, now),
          JSON.stringify([guestClaims(login, 'access_token'), guestClaims(login, 'id_token')]),
        ].join('\n');
        expect(shown).not.toContain('S3c');
      }),
      { numRuns: 500 },
    );
  });
});

describe('the config.toml of the bottle', () => {
  const { bottle } = sampleContext();

  it('is quiet, trusts home and workspace, and holds the prompt as it is', () => {
    const prompt = 'Say "no".\n\'\'\'\n"""\\u0000 \u2028 [features]\napps = true';
    const config = parse(
      codexConfig({ bottle, guestHome: '/home/node', workdir: '/home/node/work "x"', prompt }),
    );
    expect(config).toMatchObject({
      developer_instructions: prompt,
      check_for_update_on_startup: false,
      mcp_optional_startup_grace_ms: 20_000,
      analytics: { enabled: false },
      features: { apps: false, plugins: false, remote_plugin: false, daemon_auto_start: false },
      projects: {
        '/home/node': { trust_level: 'trusted' },
        '/home/node/work "x"': { trust_level: 'trusted' },
      },
    });
  });

  it.each([true, false])('waits for the supervise tools where there are some (%s)', (supervise) => {
    const context = { ...sampleContext(), bottle: { ...bottle, supervise } };
    expect('mcp_optional_startup_grace_ms' in parse(codexConfig(context))).toBe(supervise);
    expect('MCP_CONNECT_TIMEOUT_MS' in claudeProvider.plan(context).env).toBe(supervise);
  });

  it('reads back whatever a prompt and a path are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ minLength: 1 }), (prompt, workdir) => {
        const config = parse(codexConfig({ bottle, guestHome: '/home/node', workdir, prompt: `p${prompt}` }));
        expect(config['developer_instructions']).toBe(`p${prompt}`);
        expect(Object.keys(config['projects'] ?? {})).toContain(workdir);
      }),
    );
  });
});
