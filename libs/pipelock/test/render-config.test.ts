import fc from 'fast-check';
import {
  addToAllowlist,
  buildConfig,
  changeAllowlist,
  parseConfig,
  PipelockError,
  renderConfig,
} from '@bot-bottle/pipelock';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { anyConfig, host } from './support/configs.ts';
import { realRules } from '@bot-bottle/pipelock/testing';
import { routesOf } from './support/routes.ts';

describe('rendering', () => {
  it('and parsing give the same configuration, which pipelock takes', () => {
    fc.assert(
      fc.property(anyConfig, (config) => {
        const text = renderConfig(config);
        expect(parseConfig(text)).toEqual(config);
        expect(realRules.parse(parse(text))).toEqual(config);
      }),
    );
  });

  it('gives the same bytes whatever the order of the keys', () => {
    fc.assert(
      fc.property(anyConfig, (config) => {
        const turned = Object.fromEntries(Object.entries(config).toReversed()) as typeof config;
        expect(renderConfig(turned)).toBe(renderConfig(config));
        expect(renderConfig(parseConfig(renderConfig(config)))).toBe(renderConfig(config));
      }),
    );
  });

  it('writes one document without aliases, in the order of the reference', () => {
    const routes = routesOf([{ host: 'no' }, { host: 'a.example', addressAllowlist: ['10.0.0.0/8'] }]);
    const ca = { cert: '/ca.pem', key: '/ca-key.pem' };
    expect(renderConfig(buildConfig({ routes, tlsPassthrough: [], supervise: true, ca }))).toBe(
      [
        'version: 1',
        'mode: "strict"',
        'enforce: true',
        'api_allowlist:',
        '  - "a.example"',
        '  - "no"',
        '  - "supervise"',
        'forward_proxy:',
        '  enabled: true',
        'dlp:',
        '  include_defaults: true',
        '  scan_env: true',
        'request_body_scanning:',
        '  action: "block"',
        '  scan_headers: true',
        '  header_mode: "all"',
        'seed_phrase_detection:',
        '  enabled: false',
        'tls_interception:',
        '  enabled: true',
        '  ca_cert: "/ca.pem"',
        '  ca_key: "/ca-key.pem"',
        '  passthrough_domains: []',
        'ssrf:',
        '  ip_allowlist:',
        '    - "10.0.0.0/8"',
        '',
      ].join('\n'),
    );
  });
});

describe('parsing', () => {
  const text = renderConfig(
    buildConfig({
      routes: routesOf([{ host: 'a.example' }]),
      tlsPassthrough: [],
      supervise: false,
      ca: null,
    }),
  );
  const refused: ReadonlyArray<readonly [string, string]> = [
    ['a second document', `${text}---\n${text}`],
    ['a key twice', `${text}mode: audit\n`],
    ['an alias', `x: &a [1]\ny: *a\n${text}`],
    ['a tag', `${text}ssrf: !!binary aGk=\n`],
    ['nothing', ''],
    ['too much', `#${'x'.repeat(1024 * 1024)}`],
    ['what is not YAML', '{'],
    ['what is nested too deeply', `${text}x:\n  ${'? '.repeat(5000)}\ny: 1\n`],
  ];
  it.each(refused)('refuses %s', (_name, given) => {
    expect(() => parseConfig(given)).toThrow(PipelockError);
  });

  it('never throws anything but its error', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.string().map((part) => text + part),
        ),
        (given) => {
          try {
            parseConfig(given);
          } catch (error) {
            expect(PipelockError.isInstance(error)).toBe(true);
          }
        },
      ),
    );
  });
});

describe('another list of hosts', () => {
  it('changes nothing else', () => {
    fc.assert(
      fc.property(anyConfig, fc.array(host, { minLength: 1, maxLength: 5 }), (config, hosts) => {
        const changed = parseConfig(changeAllowlist(renderConfig(config), hosts));
        const sorted = [...new Set(hosts)].toSorted((a, b) => (a < b ? -1 : 1));
        expect(changed).toEqual({ ...config, api_allowlist: sorted });
      }),
    );
  });

  it('is the same text when every host is there already', () => {
    fc.assert(
      fc.property(anyConfig, (config) => {
        const text = renderConfig(config);
        expect(addToAllowlist(text, config.api_allowlist.slice(0, 1))).toBe(text);
      }),
    );
  });

  it.each(['https://b.example', 'b.example:443', '*', 'B.example', '', 'b example'])('refuses %j', (bad) => {
    const config = buildConfig({
      routes: routesOf([{ host: 'a.example' }]),
      tlsPassthrough: [],
      supervise: false,
      ca: null,
    });
    expect(() => addToAllowlist(renderConfig(config), [bad])).toThrow(PipelockError);
  });
});
