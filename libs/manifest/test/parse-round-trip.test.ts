import { composeBottle, manifestFromObject, parseAgent, parseBottle, splitEnv } from '@bot-bottle/manifest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

const text = fc
  .string({ unit: 'grapheme', maxLength: 20 })
  .filter((value) => /^[^\p{Cc}\u2028\u2029]*$/u.test(value));
const envText = text.filter((value) => !/^\$\{.*\}$/s.test(value));
const envName = fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,8}$/).map((name) => `X${name}`);
const host = fc.domain().filter((name) => name.length < 200);
const route = fc.record({
  host,
  ports: fc.uniqueArray(fc.integer({ min: 81, max: 65535 }), { minLength: 1, maxLength: 3 }),
  methods: fc.subarray(['GET', 'POST', 'DELETE']),
  path_allowlist: fc.array(fc.stringMatching(/^\/[a-z0-9-]{1,8}$/), { maxLength: 2 }),
});
const bottle = fc.record({
  env: fc.dictionary(envName, envText, { maxKeys: 4 }),
  egress: fc.record({
    routes: fc.uniqueArray(route, { maxLength: 4, selector: (each) => each.host.toLowerCase() }),
  }),
  supervise: fc.boolean(),
});

describe('a rendered manifest', () => {
  it('is read back as the object that it was made of', () => {
    fc.assert(
      fc.property(bottle, fc.string(), (object, body) => {
        const parsed = parseBottle(`---\n${stringify(object)}---\n${body}`, 'dev.md');
        expect(composeBottle('dev', new Map([['dev', parsed]]))).toEqual(
          manifestFromObject({ bottles: { dev: object } }).bottle('dev'),
        );
      }),
    );
  });

  it('keeps every env value', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          envName,
          envText.filter((value) => !value.startsWith('?')),
          { maxKeys: 4 },
        ),
        (env) => {
          const parsed = parseBottle(`---\n${stringify({ env })}---\n`, 'dev.md');
          expect(splitEnv(composeBottle('dev', new Map([['dev', parsed]])).env).literals).toEqual({ ...env });
        },
      ),
    );
  });

  it('has the trimmed body of an agent as its prompt, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (body) => {
        expect(parseAgent(`---\nbottle: dev\n---\n${body}`, 'me.md').prompt).toBe(body.trim());
      }),
    );
  });
});
