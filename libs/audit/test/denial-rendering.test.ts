import fc from 'fast-check';
import { expect, test } from 'vitest';
import { denialBodySchema, denialCodes, denials, renderDenial } from '@bot-bottle/audit';

test('a denial has the status of the table, the deny header and the contract as body', () => {
  const { status, headers, body } = renderDenial({
    layer: 'egress',
    code: 'host_not_allowed',
    target: 'GET https://host/path',
    ask: { tool: 'egress-block', arguments: { host: 'host' } },
  });
  expect(status).toBe(403);
  expect(headers).toMatchObject({ 'X-Bot-Bottle-Deny': 'host_not_allowed', Connection: 'close' });
  expect(JSON.parse(body)).toEqual({
    bot_bottle: 1,
    layer: 'egress',
    code: 'host_not_allowed',
    message: denials.host_not_allowed.message,
    target: 'GET https://host/path',
    rule: null,
    retryable: false,
    ask: { tool: 'egress-block', arguments: { host: 'host' } },
  });
});

test('any hostile text gives a valid answer of bounded size with a right length', () => {
  const text = fc.string({ unit: 'binary', maxLength: 5000 });
  fc.assert(
    fc.property(fc.constantFrom(...denialCodes), text, text, text, (code, target, rule, message) => {
      const denial = renderDenial({ layer: 'egress', code, target, rule, message });
      denialBodySchema.parse(JSON.parse(denial.body));
      expect(denial.headers['Content-Length']).toBe(String(Buffer.byteLength(denial.body)));
      expect(denial.body.length).toBeLessThan(12_000);
      for (const [name, value] of Object.entries(denial.headers))
        expect(`${name}${value}`).toMatch(/^[\x20-\x7e]+$/);
    }),
  );
});

test('arguments that are too long are left out instead of cut', () => {
  const ask = { tool: 'egress-block', arguments: { host: 'x'.repeat(5000) } };
  const { body } = renderDenial({ layer: 'egress', code: 'host_not_allowed', target: 't', ask });
  expect(JSON.parse(body)).toMatchObject({ ask: null });
});

test('a refused proxy client is told which authentication is wanted', () => {
  const { status, headers } = renderDenial({
    layer: 'egress',
    code: 'access_denied',
    target: 'CONNECT host:443',
  });
  expect([status, headers['Proxy-Authenticate']]).toEqual([407, 'Basic realm="bot-bottle"']);
});

test('a push with objects out of sight is denied for good, in words that say so', () => {
  const { status, body } = renderDenial({ layer: 'git-gate', code: 'hidden_objects', target: 'push' });
  expect(status).toBe(403);
  expect(JSON.parse(body)).toMatchObject({
    code: 'hidden_objects',
    message: 'The push carries objects that none of its refs reaches.',
    retryable: false,
    ask: null,
  });
});
