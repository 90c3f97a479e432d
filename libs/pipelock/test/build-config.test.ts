import { buildConfig, checkConfig, passedThroughByWildcard, passthroughDomains } from '@bot-bottle/pipelock';
import { describe, expect, it } from 'vitest';
import { realRules } from '@bot-bottle/pipelock/testing';
import { routesOf } from './support/routes.ts';

const ca = { cert: '/home/node/ca.pem', key: '/home/node/ca-key.pem' };
const auth = { scheme: 'Bearer', tokenRef: 'TOKEN' } as const;
const none = { tlsPassthrough: [], supervise: false, ca };

describe('the configuration of a bottle', () => {
  it('is strict, blocks, and lets through exactly the hosts of its routes', () => {
    const routes = routesOf([{ host: 'b.example' }, { host: 'a.example' }, { host: '*.c.example' }]);
    expect(buildConfig({ ...none, routes })).toEqual({
      version: 1,
      mode: 'strict',
      enforce: true,
      api_allowlist: ['*.c.example', 'a.example', 'b.example'],
      forward_proxy: { enabled: true },
      dlp: { include_defaults: true, scan_env: true },
      request_body_scanning: { action: 'block', scan_headers: true, header_mode: 'all' },
      seed_phrase_detection: { enabled: false },
      tls_interception: {
        enabled: true,
        ca_cert: '/home/node/ca.pem',
        ca_key: '/home/node/ca-key.pem',
        passthrough_domains: [],
      },
    });
  });

  it('names the supervise sidecar when there is one, and each host once', () => {
    const routes = routesOf([{ host: 'a.example' }, { host: 'b.example' }]);
    const config = buildConfig({ ...none, routes, supervise: true, extraHosts: ['z.example', 'a.example'] });
    expect(config.api_allowlist).toEqual(['a.example', 'b.example', 'supervise', 'z.example']);
  });

  it('is one that pipelock takes, and one that we take back', () => {
    const routes = routesOf([
      { host: 'a.example', auth, addressAllowlist: ['10.1.2.3/8', '::1', 'fd00::1/64'] },
    ]);
    const config = buildConfig({ ...none, routes, tlsPassthrough: ['*.files.example'] });
    expect(realRules.parse(config)).toEqual(config);
    expect(checkConfig(config)).toEqual(config);
    expect(config.ssrf).toEqual({ ip_allowlist: ['10.0.0.0/8', '::1/128', 'fd00::/64'] });
  });

  it('of a bottle without routes is refused by both: nothing could be let through', () => {
    const config = buildConfig({ ...none, routes: [] });
    expect(() => checkConfig(config)).toThrow('api_allowlist: is empty');
    expect(realRules.safeParse(config).success).toBe(false);
  });
});

describe('hosts whose TLS stays closed', () => {
  it('are those with a credential of ours, a login of the provider, and those asked for', () => {
    const routes = routesOf(
      [
        { host: 'api.example', auth },
        { host: 'plain.example' },
        { host: 'own.example', authorization: 'agent' },
      ],
      [{ host: 'login.vendor.example', authorization: 'agent' }],
    );
    expect(passthroughDomains({ routes, tlsPassthrough: ['files.example'] })).toEqual([
      'api.example',
      'files.example',
      'login.vendor.example',
    ]);
  });

  it('that only a wildcard covers are told, the domain of the wildcard included', () => {
    const routes = routesOf([
      { host: 'files.example' },
      { host: 'a.files.example' },
      { host: 'afiles.example' },
      { host: '*.files.example' },
    ]);
    expect(passedThroughByWildcard({ routes, tlsPassthrough: ['*.files.example'] })).toEqual([
      'a.files.example',
      'files.example',
    ]);
  });
});
