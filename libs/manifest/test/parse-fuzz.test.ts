import {
  type BottleLookup,
  composeBottle,
  manifestFromObject,
  ManifestErrors,
  parseAgent,
  parseBottle,
} from '@bot-bottle/manifest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

function onlyManifestErrors(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    if (!ManifestErrors.isInstance(error)) throw error;
    expect(error.errors.length).toBeGreaterThan(0);
  }
}

const keys = [
  'env',
  'extends',
  'egress',
  'routes',
  'host',
  'ports',
  'auth',
  'git-gate',
  'repos',
  'user',
  'push',
  'dlp',
  'bottle',
  'skills',
  'role',
  'git',
  '__proto__',
  'constructor',
  'toString',
];
const token = fc.constantFrom(
  ...keys,
  ...'\n  :-[]{}&*!|>?#%@`"\',\t\r'.split(''),
  ': ',
  '\n  ',
  '\n- ',
  '---\n',
  '...',
  '&a ',
  '*a',
  '!!int',
  'true',
  '1',
  '~',
  '\u0000',
  '\u2028',
  '\uFEFF',
  '\uD800',
);
const nearYaml = fc.array(token, { maxLength: 60 }).map((parts) => parts.join(''));
const data = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.constant(undefined),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), tie('value'), { maxKeys: 4 }),
  ),
})).value;

describe('hostile text', () => {
  it('makes nothing but ManifestErrors', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearYaml), (yaml) => {
        for (const text of [yaml, `---\n${yaml}\n---\nbody`]) {
          onlyManifestErrors(() => {
            const bottle = parseBottle(text, 'dev.md');
            return composeBottle('dev', new Map([['dev', bottle]]));
          });
          onlyManifestErrors(() => parseAgent(text, 'dev.md'));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('makes nothing but ManifestErrors from arbitrary objects', () => {
    fc.assert(
      fc.property(data, data, (bottle, agent) => {
        onlyManifestErrors(() => {
          const manifest = manifestFromObject({ bottles: { dev: bottle }, agents: { me: agent } });
          return [manifest.bottle('dev'), manifest.agent('me')];
        });
      }),
      { numRuns: 500 },
    );
  });

  it('cannot pollute prototypes', () => {
    onlyManifestErrors(() =>
      parseBottle('---\n__proto__: {polluted: 1}\nconstructor: {prototype: {polluted: 1}}\n---\n', 'dev.md'),
    );
    onlyManifestErrors(() =>
      manifestFromObject(JSON.parse('{"bottles": {"__proto__": {"polluted": 1}}, "agents": {}}')),
    );
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it('does not find bottles on the prototype of a lookup', () => {
    const empty: BottleLookup = new Map();
    expect(() => composeBottle('constructor', empty)).toThrow(/there is no bottle/);
  });
});

describe('large text', () => {
  const size = 250_000;
  const repeat = (unit: string): string => unit.repeat(Math.floor(size / unit.length));
  const cases: ReadonlyArray<readonly [string, string]> = [
    ['brackets', repeat('[')],
    ['maps', repeat('{a: ')],
    ['list items', repeat('- ')],
    ['key markers', repeat('? ')],
    ['anchors', repeat('&a ')],
    ['colons', repeat(': ')],
    ['commas', `[${repeat(',')}`],
    ['quotes', `"${repeat('a\n')}`],
    ['comments', repeat('#\n')],
    ['tags', repeat('!a ')],
    ['keys', Array.from({ length: size / 10 }, (_, index) => `a${index}:`).join('\n')],
    ['env names', `env:\n${Array.from({ length: size / 14 }, (_, index) => `  a${index}: x`).join('\n')}`],
    ['aliases', `a: &a x\nb: [${repeat('*a, ')}]`],
    [
      'anchors and aliases',
      `b: [${Array.from({ length: size / 18 }, (_, index) => `&a${index} x, *a${index}`).join(', ')}]`,
    ],
    [
      'hosts',
      `egress:\n  routes:\n${Array.from({ length: size / 30 }, (_, index) => `    - host: h${index}.example.com`).join('\n')}`,
    ],
    ['a long host', `egress:\n  routes:\n    - host: ${repeat('a.')}`],
    ['a long path', `egress:\n  routes:\n    - host: a.example.com\n      path_allowlist: [/${repeat('%')}]`],
    ['fences', repeat('--- \n-')],
  ];
  it.each(cases)('of %s is handled in bounded time', (_, yaml) => {
    const start = process.cpuUsage();
    onlyManifestErrors(() => parseBottle(`---\n${yaml}\n---\n`, 'dev.md'));
    // Quadratic handling of any of these takes minutes; what else the machine does is not counted.
    expect(process.cpuUsage(start).user).toBeLessThan(20_000_000);
  });

  it('is refused above 256 KiB without being parsed', () => {
    expect(() => parseBottle(`---\n${'#'.repeat(256 * 1024)}\n---\n`, 'dev.md')).toThrow(
      /larger than 256 KiB/,
    );
  });
});
