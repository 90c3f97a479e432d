import fc from 'fast-check';
import type { PipelockConfig } from '@bot-bottle/pipelock';

const label = fc.stringMatching(/^[a-z0-9_](?:[a-z0-9_-]{0,8}[a-z0-9_])?$/);
const topLabel = fc.stringMatching(/^[a-z][a-z0-9-]{0,6}[a-z]$/).filter((text) => !text.startsWith('xn--'));
const name = fc
  .tuple(fc.array(label, { minLength: 1, maxLength: 3 }), topLabel)
  .map(([labels, top]) => [...labels, top].join('.'))
  .filter((text) => !text.includes('xn--'));
export const host = fc.oneof(
  name,
  name.map((text) => `*.${text}`),
  fc.ipV4(),
);

const list = (item: fc.Arbitrary<string>, minLength: number) =>
  fc
    .uniqueArray(item, { minLength, maxLength: 6 })
    .map((items) => items.toSorted((a, b) => (a < b ? -1 : 1)));

const network = fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 32 })).map(([ip, bits]) => {
  const value = ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const kept = value - (value % 2 ** (32 - bits));
  return `${[24, 16, 8, 0].map((shift) => Math.floor(kept / 2 ** shift) % 256).join('.')}/${bits}`;
});

const path = fc.stringMatching(/^\/[ -~]{1,20}$/);

/** Every configuration that is valid, with each optional part there and not. */
export const anyConfig: fc.Arbitrary<PipelockConfig> = fc.record(
  {
    version: fc.constant(1 as const),
    mode: fc.constantFrom('strict' as const, 'balanced' as const, 'audit' as const),
    enforce: fc.boolean(),
    api_allowlist: list(host, 1),
    forward_proxy: fc.record({ enabled: fc.boolean() }),
    dlp: fc.record({ include_defaults: fc.boolean(), scan_env: fc.boolean() }),
    request_body_scanning: fc.record(
      {
        action: fc.constantFrom('warn' as const, 'block' as const),
        scan_headers: fc.boolean(),
        header_mode: fc.constantFrom('sensitive' as const, 'all' as const),
      },
      { requiredKeys: ['action'] },
    ),
    seed_phrase_detection: fc.record({ enabled: fc.boolean() }),
    tls_interception: fc.record({
      enabled: fc.boolean(),
      ca_cert: path,
      ca_key: path,
      passthrough_domains: list(host, 0),
    }),
    ssrf: fc.record({ ip_allowlist: list(network, 0) }),
  },
  {
    requiredKeys: [
      'version',
      'mode',
      'enforce',
      'api_allowlist',
      'forward_proxy',
      'dlp',
      'request_body_scanning',
    ],
  },
);
