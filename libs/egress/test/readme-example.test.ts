import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as egress from '@bot-bottle/egress';
import { buildRoutes, decide, injectCredential, outgoingHeaders, parseRequestHead } from '@bot-bottle/egress';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

it('the example of the README does what it says', () => {
  const auth = { scheme: 'Bearer', tokenRef: 'GITHUB_TOKEN' } as const;
  const { table, slots } = buildRoutes([], [{ host: 'api.github.com', pathAllowlist: ['/repos/me'], auth }]);
  expect(slots).toEqual([{ slot: 'EGRESS_TOKEN_0', tokenRef: 'GITHUB_TOKEN' }]);
  const bytes = Buffer.from(
    'GET /repos/me/%2e/x HTTP/1.1\r\nHost: api.github.com\r\nAuthorization: mine\r\n\r\n',
  );
  const parsed = parseRequestHead(bytes);
  if (!parsed.ok) throw new Error(parsed.code);
  const via = {
    kind: 'tunnel',
    host: 'api.github.com',
    port: 443,
    tls: true,
    sni: 'api.github.com',
  } as const;
  const decision = decide(table, { head: parsed.head, via }, Date.now());
  if (decision.kind !== 'allow' || decision.injectAuth === null) throw new Error('denied');
  expect(decision.path).toBe('/repos/me/x');
  const sent = injectCredential(outgoingHeaders(parsed.head, decision), decision.injectAuth, 'value');
  expect(sent.filter(([name]) => name === 'Authorization')).toEqual([['Authorization', 'Bearer value']]);
});

it('every function that the README lists is exported', () => {
  const table = readme.slice(readme.indexOf('| area |'), readme.indexOf('Rules worth knowing'));
  const names = [...table.matchAll(/`([A-Za-z]+)`/g)].map((match) => match[1] ?? '');
  expect(names.filter((name) => !(name in egress))).toEqual([]);
});
