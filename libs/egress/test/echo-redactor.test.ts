import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEchoRedactor, credentialForms } from '@bot-bottle/egress';
import type { RouteAuth } from '@bot-bottle/egress';

const auth = (scheme: RouteAuth['scheme'], username: string | null = null): RouteAuth => ({
  scheme,
  slot: 'EGRESS_TOKEN_0',
  header: scheme === 'header' ? 'X-Key' : null,
  username,
});
const buffers = (...forms: string[]): Buffer[] => forms.map((form) => Buffer.from(form, 'latin1'));

function run(forms: readonly Buffer[], chunks: readonly string[]): string {
  const redactor = createEchoRedactor(forms);
  const out = chunks.map((chunk) => redactor.push(Buffer.from(chunk, 'latin1')).toString('latin1'));
  return out.join('') + redactor.end().toString('latin1');
}

/** The specification: every byte that any occurrence covers is masked. */
function expected(forms: readonly string[], text: string): string {
  const masked = text.split('');
  for (const form of forms) {
    for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1))
      masked.fill('*', at, at + form.length);
  }
  return masked.join('');
}

describe('createEchoRedactor', () => {
  it('overwrites with the same length wherever the stream is cut', () => {
    const whole = 'x s3cret-value y s3cret-value';
    for (let cut = 0; cut <= whole.length; cut += 1) {
      const chunks = [whole.slice(0, cut), whole.slice(cut)];
      expect(run(buffers('s3cret-value'), chunks)).toBe('x ************ y ************');
    }
  });

  it('equals the specification for any forms, text and cuts, overlaps included', () => {
    const ab = fc.stringMatching(/^[ab]{1,6}$/);
    fc.assert(
      fc.property(
        fc.array(ab, { minLength: 1, maxLength: 3 }),
        fc.stringMatching(/^[abc]{0,40}$/),
        fc.array(fc.nat(40)),
        (forms, text, cuts) => {
          const edges = [
            ...new Set([0, ...cuts.map((cut) => Math.min(cut, text.length)), text.length]),
          ].toSorted((a, b) => a - b);
          const chunks = edges.map((start, i) => text.slice(start, edges[i + 1] ?? start));
          expect(run(buffers(...forms), chunks)).toBe(expected(forms, text));
        },
      ),
      { numRuns: 5000 },
    );
  });

  it('equals the specification for forms of credentials in texts made of their parts', () => {
    const form = fc.stringMatching(/^[abc]{8,40}$/);
    const forms = fc.array(form, { minLength: 1, maxLength: 4 });
    const cases = forms.chain((given) => {
      const part = fc
        .constantFrom(...given)
        .chain((text) =>
          fc.tuple(fc.nat(text.length), fc.nat(text.length)).map(([a, b]) => text.slice(a, a + b)),
        );
      const pieces = fc.oneof(fc.constantFrom(...given), part, fc.stringMatching(/^[abcx]{0,12}$/));
      return fc.tuple(fc.constant(given), fc.array(pieces, { maxLength: 8 }), fc.array(fc.nat(200)));
    });
    fc.assert(
      fc.property(cases, ([given, pieces, cuts]) => {
        const text = pieces.join('');
        const edges = [...new Set([0, ...cuts.map((cut) => Math.min(cut, text.length)), text.length])];
        edges.sort((a, b) => a - b);
        const chunks = edges.map((start, i) => text.slice(start, edges[i + 1] ?? start));
        expect(run(buffers(...given), chunks)).toBe(expected(given, text));
        const redactor = createEchoRedactor(buffers(...given));
        expect(redactor.finds(Buffer.from(text, 'latin1'))).toBe(given.some((each) => text.includes(each)));
      }),
      { numRuns: 5000 },
    );
  });

  it('finds an echo at every offset of binary bytes, in a form longer than any shift', () => {
    const form = Buffer.from(Array.from({ length: 600 }, (_, i) => (i * 167 + (i >> 3)) & 0xff));
    const redactor = createEchoRedactor([form]);
    for (let before = 0; before < 700; before += 1) {
      const text = Buffer.concat([Buffer.alloc(before, form), form, Buffer.from([7])]);
      expect(redactor.finds(text)).toBe(true);
      expect(redactor.finds(text.subarray(0, before + form.length - 1))).toBe(before >= form.length);
    }
  });

  it('holds back only a suffix that could become a form', () => {
    const redactor = createEchoRedactor(buffers('token-abc'));
    expect(redactor.push(Buffer.from('data: hello\n\n')).toString()).toBe('data: hello\n\n');
    expect(redactor.push(Buffer.from('data: tok')).toString()).toBe('data: ');
    expect(redactor.push(Buffer.from('yo')).toString()).toBe('tokyo');
    expect(redactor.push(Buffer.from('token-abc')).toString()).toBe('*********');
    expect(redactor.end().length).toBe(0);
    expect(redactor.count).toBe(1);
  });

  it('never changes the caller’s bytes and keeps none of them', () => {
    const redactor = createEchoRedactor(buffers('abc'));
    const chunk = Buffer.from('abc ab');
    const out = redactor.push(chunk);
    expect(chunk.toString()).toBe('abc ab');
    chunk.fill(0x78);
    expect(out.toString()).toBe('*** ');
    expect(redactor.push(Buffer.from('c')).toString()).toBe('***');
  });

  it('does not lose a partial match to another', () => {
    expect(run(buffers('aab', 'abX'), ['a', 'a', 'a', 'b', 'X'])).toBe('a****');
  });

  it('redacts header values', () => {
    const redactor = createEchoRedactor(buffers('abc'));
    expect(redactor.redactText('x=abc; y=\xe9abc')).toBe('x=***; y=\xe9***');
    expect(redactor.redactText('nothing')).toBe('nothing');
    expect(redactor.redactText('ab')).toBe('ab');
  });

  it('does nothing without forms', () => {
    expect(run([], ['abc'])).toBe('abc');
    expect(run([Buffer.alloc(0)], ['abc'])).toBe('abc');
  });
});

describe('credentialForms', () => {
  it('knows the hex of the secret in either case', () => {
    const secret = 'a-secret-value';
    const hex = Buffer.from(secret).toString('hex');
    const forms = credentialForms(
      { scheme: 'Bearer', slot: 'EGRESS_TOKEN_0', header: null, username: null },
      secret,
    );
    expect(forms.map(String)).toEqual(expect.arrayContaining([hex, hex.toUpperCase()]));
  });

  const secret = 'sk-Test/Value+With"odd\\chars~and-<length>&';

  it.each([
    ['raw', (value: string) => value],
    ['base64', (value: string) => Buffer.from(value).toString('base64')],
    ['base64url', (value: string) => Buffer.from(value).toString('base64url')],
    ['JSON', (value: string) => JSON.stringify(value)],
    ['a JSON string with escaped slashes', (value: string) => JSON.stringify(value).replaceAll('/', '\\/')],
    ['a query', (value: string) => encodeURIComponent(value)],
    [
      'a lower-case query',
      (value: string) => encodeURIComponent(value).replace(/%../g, (hex) => hex.toLowerCase()),
    ],
    [
      'HTML',
      (value: string) =>
        value
          .replaceAll('&', '&amp;')
          .replaceAll('<', '&lt;')
          .replaceAll('>', '&gt;')
          .replaceAll('"', '&quot;'),
    ],
  ])('cover an echo as %s', (_, encode) => {
    const echoed = encode(secret);
    const out = run(credentialForms(auth('Bearer'), secret), [`{"a":${echoed}}`]);
    expect(out).toHaveLength(echoed.length + 6);
    expect(out).not.toContain(echoed.slice(1, -4));
    expect(out.replaceAll(/[^A-Za-z0-9]/g, '').length).toBeLessThan(8);
  });

  it('cover the pair of basic, and base64 of a whole request', () => {
    const forms = credentialForms(auth('basic', 'me'), secret);
    const pair = Buffer.from(`me:${secret}`).toString('base64');
    expect(run(forms, [`Basic ${pair}`])).not.toContain(pair.slice(0, 12));
    for (const before of ['', 'x', 'xy']) {
      const request = Buffer.from(`${before}GET / HTTP/1.1\r\nX: ${secret}\r\n`).toString('base64');
      const cleaned = Buffer.from(run(forms, [request]).replaceAll('*', 'A'), 'base64').toString('latin1');
      expect(cleaned).not.toContain(secret.slice(2, 10));
      expect(cleaned).not.toContain(secret.slice(-10, -2));
    }
  });

  it('leave no recognisable part for any secret, scheme and alignment', () => {
    const secrets = fc.stringMatching(/^[!-~]{12,60}$/);
    const schemes = fc.constantFrom(auth('Bearer'), auth('token'), auth('basic', 'user'), auth('header'));
    fc.assert(
      fc.property(secrets, schemes, fc.nat(5), (value, scheme, shift) => {
        const forms = credentialForms(scheme, value);
        const body = `${'-'.repeat(shift)}${value}\n${Buffer.from('-'.repeat(shift) + value).toString('base64')}`;
        const out = run(forms, [body]);
        expect(out).toHaveLength(body.length);
        expect(out).not.toContain(value);
        const decoded = Buffer.from((out.split('\n')[1] ?? '').replaceAll('*', '='), 'base64').toString(
          'latin1',
        );
        expect(decoded).not.toContain(value);
      }),
      { numRuns: 500 },
    );
  });

  it('do not blow up for a short secret', () => {
    const forms = credentialForms(auth('header'), 'abc').map(String);
    expect(forms).toContain('abc');
    expect(Math.min(...forms.map((form) => form.length))).toBe(3);
  });
});
