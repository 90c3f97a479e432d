import { inspect } from 'node:util';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProviderFileRef } from '@bot-bottle/providers';
import { canaryFor, caEnvNames, guestEnvironment, resolveSecrets, SecretStore } from '../src/index.ts';
import { tempDir } from './temp-dir.ts';

const sources = { env: { TOKEN: 'tok-value', EMPTY: '' }, ask: null };

describe('SecretStore', () => {
  it('shows names only, however it is printed', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Z]{4,8}$/), fc.stringMatching(/^[a-z0-9]{8,20}$/), (name, value) => {
        const store = new SecretStore([[name, value]]);
        const shown = [
          JSON.stringify({ store }),
          inspect({ store }, { showHidden: true, depth: 9 }),
          String(store),
          JSON.stringify(Object.entries(store)),
        ];
        for (const text of shown) expect(text).not.toContain(value);
        expect(shown[0]).toContain(name);
        expect(store.get(name)).toBe(value);
      }),
    );
  });

  it('forgets', () => {
    const store = new SecretStore([['A', 'x']]);
    store.clear();
    expect(store.has('A')).toBe(false);
  });
});

const vendorFile = (path: string, pointer: string): ProviderFileRef => ({
  kind: 'provider-file',
  path,
  pointer,
  unchanged: {},
  remedy: 'log in again',
});

describe('resolveSecrets', () => {
  it('reads host variables, prompts and JSON files', async () => {
    const file = join(await tempDir(), 'auth.json');
    await writeFile(file, JSON.stringify({ tokens: { 'a/b': 'from-file' } }));
    const asked: string[] = [];
    const { slots, env } = await resolveSecrets(
      {
        slotRefs: {
          EGRESS_TOKEN_0: { kind: 'host-env', name: 'TOKEN' },
          EGRESS_TOKEN_1: vendorFile(file, '/tokens/a~1b'),
        },
        forwardedEnv: [{ name: 'ASKED', ref: { kind: 'prompt', name: 'ASKED', message: 'the key' } }],
        gitGate: null,
      },
      { ...sources, ask: async (prompt) => (asked.push(prompt), 'typed') },
    );
    expect(slots.entries()).toEqual([
      ['EGRESS_TOKEN_0', 'tok-value'],
      ['EGRESS_TOKEN_1', 'from-file'],
    ]);
    expect(env.entries()).toEqual([['ASKED', 'typed']]);
    expect(asked).toEqual(['the key']);
  });

  it.each(['MISSING', 'EMPTY'])('names the variable %s and nothing else', async (name) => {
    await expect(
      resolveSecrets(
        { slotRefs: { EGRESS_TOKEN_0: { kind: 'host-env', name } }, forwardedEnv: [], gitGate: null },
        sources,
      ),
    ).rejects.toMatchObject({
      code: 'host_env_missing',
      message: `the host environment variable ${name} is not set or empty`,
    });
  });

  it('refuses a prompt without a terminal and an empty answer', async () => {
    const plan = {
      slotRefs: {},
      gitGate: null,
      forwardedEnv: [{ name: 'KEY', ref: { kind: 'prompt' as const, name: 'KEY', message: null } }],
    };
    await expect(resolveSecrets(plan, sources)).rejects.toThrow('KEY is asked on the terminal');
    await expect(resolveSecrets(plan, { ...sources, ask: async () => '' })).rejects.toMatchObject({
      code: 'secret_unavailable',
    });
  });

  it('never quotes a file that is not JSON or not what was expected', async () => {
    const file = join(await tempDir(), 'auth.json');
    for (const text of [
      's3cr3t-value',
      '{"tokens": "s3cr3t-value"}',
      '{"tokens": {"x": ["s3cr3t-value"]}}',
    ]) {
      await writeFile(file, text);
      const error: unknown = await resolveSecrets(
        {
          slotRefs: { EGRESS_TOKEN_0: vendorFile(file, '/tokens/x') },
          forwardedEnv: [],
          gitGate: null,
        },
        sources,
      ).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'secret_unavailable' });
      expect(inspect(error, { depth: 9 })).not.toContain('s3cr3t');
    }
  });

  it('does not reach into prototypes', async () => {
    const file = join(await tempDir(), 'auth.json');
    await writeFile(file, '{}');
    const refs = { EGRESS_TOKEN_0: vendorFile(file, '/constructor/name') };
    await expect(
      resolveSecrets({ slotRefs: refs, forwardedEnv: [], gitGate: null }, sources),
    ).rejects.toMatchObject({
      code: 'secret_unavailable',
    });
  });
});

describe('guestEnvironment', () => {
  const plan = { env: {}, sidecars: ['egress' as const], guestHome: '/home/node' };

  it('cannot be overridden where it makes the bottle work', () => {
    const own = guestEnvironment(plan, [], null);
    const names = Object.keys(own).filter((name) => name !== 'TERM' && name !== 'LANG');
    const hostile = Object.fromEntries(names.map((name) => [name, 'overridden']));
    const merged = guestEnvironment({ ...plan, env: hostile }, Object.entries(hostile), null);
    for (const name of names) expect(merged[name]).toBe(own[name]);
  });

  it('names the proxy and the CA under every name that tools read', () => {
    const env = guestEnvironment(plan, [], null);
    for (const name of ['HTTPS_PROXY', 'HTTP_PROXY', 'https_proxy', 'http_proxy'])
      expect(env[name]).toBe('http://egress:9099');
    for (const name of caEnvNames) expect(env[name]).toBe('/home/node/.bot-bottle/ca.crt');
    expect(env).toMatchObject({
      NODE_USE_ENV_PROXY: '1',
      HOME: '/home/node',
      USER: 'node',
      NO_PROXY: 'localhost,127.0.0.1,::1,git-gate,supervise',
    });
    expect(env['MCP_SUPERVISE_URL']).toBeUndefined();
    expect(
      guestEnvironment({ ...plan, sidecars: ['egress', 'supervise'] }, [], null)['MCP_SUPERVISE_URL'],
    ).toBe('http://supervise:9100');
  });

  it('puts forwarded values over literal ones, and the canary over both', () => {
    const canary = { name: 'C', value: 'canary' };
    const env = guestEnvironment(
      { ...plan, env: { A: 'literal', B: 'literal', C: 'literal' } },
      [['B', 'forwarded']],
      canary,
      { pathEntries: ['/opt/x/bin'] },
    );
    expect(env).toMatchObject({ A: 'literal', B: 'forwarded', C: 'canary' });
    expect(env['PATH']?.split(':')).toContain('/opt/x/bin');
  });

  it('plants a canary under a free, plausible name', () => {
    for (let index = 0; index < 50; index += 1) {
      const { name, value } = canaryFor(['STRIPE_SECRET_KEY']);
      expect(name).toMatch(/^[A-Z]+_[A-Z_]+$/);
      expect(name).not.toBe('STRIPE_SECRET_KEY');
      expect(value).toMatch(/^[\w-]{40}$/);
    }
  });
});
