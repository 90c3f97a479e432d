import { buildConfig, checkConfig, PipelockError } from '@bot-bottle/pipelock';
import { describe, expect, it } from 'vitest';
import { realRules } from '@bot-bottle/pipelock/testing';
import { routesOf } from './support/routes.ts';

const routes = routesOf([{ host: 'a.example', addressAllowlist: ['10.0.0.0/8'] }]);
const ca = { cert: '/ca.pem', key: '/ca-key.pem' };
const good = (): Record<string, unknown> =>
  structuredClone(buildConfig({ routes, tlsPassthrough: [], supervise: false, ca })) as Record<
    string,
    unknown
  >;

function problemsOf(value: unknown): readonly string[] {
  try {
    checkConfig(value);
  } catch (error) {
    if (PipelockError.isInstance(error) && error.code === 'invalid_config') return error.problems;
    throw error;
  }
  return [];
}

const without = (config: Record<string, unknown>, key: string): Record<string, unknown> =>
  Object.fromEntries(Object.entries(config).filter(([name]) => name !== key));

const wrong: ReadonlyArray<readonly [string, (config: Record<string, unknown>) => unknown, string]> = [
  ['an unknown section', (c) => ({ ...c, trusted_domains: ['a.example'] }), 'trusted_domains: is not a key'],
  [
    'an unknown key',
    (c) => ({ ...c, dlp: { include_defaults: true, scan_env: true, x: 1 } }),
    'dlp.x: is not a key',
  ],
  ['a missing section', (c) => without(c, 'dlp'), 'dlp: is missing'],
  ['a missing key', (c) => ({ ...c, dlp: { scan_env: true } }), 'dlp.include_defaults: is missing'],
  ['a boolean for an integer', (c) => ({ ...c, version: true }), 'version: must be 1'],
  ['an integer for a boolean', (c) => ({ ...c, enforce: 1 }), 'enforce: must be a boolean'],
  [
    'text for a boolean',
    (c) => ({ ...c, forward_proxy: { enabled: 'true' } }),
    'forward_proxy.enabled: must be a boolean',
  ],
  ['another version', (c) => ({ ...c, version: 2 }), 'version: must be 1'],
  ['an unknown mode', (c) => ({ ...c, mode: 'off' }), 'mode: must be strict or balanced or audit'],
  [
    'an unknown action',
    (c) => ({ ...c, request_body_scanning: { action: 'strip' } }),
    'request_body_scanning.action: must be warn or block',
  ],
  ['a list for a section', (c) => ({ ...c, ssrf: [] }), 'ssrf: must be an object'],
  [
    'a URL for a host',
    (c) => ({ ...c, api_allowlist: ['https://a.example'] }),
    'api_allowlist.0: is not a host',
  ],
  ['a bare wildcard', (c) => ({ ...c, api_allowlist: ['*'] }), 'api_allowlist.0: is not a host'],
  [
    'a wildcard of a top domain',
    (c) => ({ ...c, api_allowlist: ['*.com'] }),
    'api_allowlist.0: is not a host',
  ],
  [
    'hosts in another order',
    (c) => ({ ...c, api_allowlist: ['b.example', 'a.example'] }),
    'api_allowlist: is not sorted',
  ],
  [
    'every address',
    (c) => ({ ...c, ssrf: { ip_allowlist: ['0.0.0.0/0'] } }),
    'ssrf.ip_allowlist.0: is not a network',
  ],
  [
    'bits of a host',
    (c) => ({ ...c, ssrf: { ip_allowlist: ['10.0.0.1/8'] } }),
    'ssrf.ip_allowlist.0: is not a network',
  ],
  [
    'an address alone',
    (c) => ({ ...c, ssrf: { ip_allowlist: ['10.0.0.1'] } }),
    'ssrf.ip_allowlist.0: is not a network',
  ],
];

describe('the shape is refused for', () => {
  it.each(wrong)('%s', (_name, change, problem) => {
    expect(problemsOf(change(good()))).toEqual([expect.stringContaining(problem)]);
  });
});

it('the shape as it is built is accepted', () => {
  expect(problemsOf(good())).toEqual([]);
});

it('every problem is told at once', () => {
  expect(problemsOf({ ...without(good(), 'dlp'), enforce: 'yes', extra: 1 })).toHaveLength(3);
});

it.each([null, 1, 'text', []])('%j is no configuration', (value) => {
  expect(problemsOf(value)).toEqual(['the file: must be an object']);
});

describe('what we take is never more than what pipelock takes', () => {
  it.each(wrong.filter(([name]) => /unknown|every|bits|alone|action|mode|list for/.test(name)))(
    '%s: it refuses that too',
    (_name, change) => {
      expect(realRules.safeParse(change(good())).success).toBe(false);
    },
  );
});
