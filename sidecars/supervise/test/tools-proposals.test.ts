import { MAX_OPEN } from '@bot-bottle/supervise';
import { expect, it } from 'vitest';
import { call, codeOf, mcpClient } from './support/mcp-client.ts';
import { startServer } from './support/server.ts';

const request = { host: 'api.example.com', justification: 'the tests fetch fixtures' };
const patient = { config: { response_timeout_seconds: 30 } };

it('asks, is approved, and tells what is in force', async () => {
  const { owner, url } = await startServer(patient);
  const client = await mcpClient(url);
  await client.listTools();
  const asked = call(client, 'egress-block', { ...request, minutes: 5 });
  await owner.approve();
  const { said, result, isError } = await asked;
  const grant = {
    host: 'api.example.com',
    ports: [443],
    path_allowlist: [],
    methods: [],
    minutes: 5,
    inject: false,
  };
  expect(said).toMatchObject({
    status: 'approved',
    notes: 'fine',
    applied: 'allowed api.example.com',
    grant,
  });
  expect(said['next']).toBeNull();
  expect(result.structuredContent).toEqual(said);
  expect(isError).toBe(false);
  expect(owner.granted).toEqual([grant]);
});

it('tells a modified answer with what was given instead', async () => {
  const { owner, url } = await startServer(patient);
  const asked = call(await mcpClient(url), 'egress-block', request);
  const grant = {
    host: 'api.example.com',
    ports: [443],
    path_allowlist: ['/public/'],
    methods: ['GET'],
    minutes: 10,
    inject: false,
  };
  await owner.approve(grant);
  expect((await asked).said).toMatchObject({ status: 'modified', grant });
});

it('tells a rejection with the words of the human, made visible', async () => {
  const { owner, url } = await startServer(patient);
  const asked = call(await mcpClient(url), 'egress-block', request);
  await owner.reject('use the mirror\u202e\u001b[31m');
  const { said, isError } = await asked;
  expect(said).toMatchObject({
    status: 'rejected',
    notes: 'use the mirror\\u{202e}\\u{1b}[31m',
    applied: null,
    grant: null,
  });
  expect(isError).toBe(false);
});

it('answers `pending` when nobody does, leaves the proposal queued, and tells its end later', async () => {
  const { owner, url } = await startServer();
  const client = await mcpClient(url);
  const { said } = await call(client, 'egress-block', request);
  const { id } = said;
  expect(said).toMatchObject({ status: 'pending', waited_seconds: 0.2, applied: null, grant: null });
  expect(said['next']).toEqual({ tool: 'check-proposal', arguments: { id, wait_seconds: 50 } });
  expect((await call(client, 'check-proposal', { id })).said).toMatchObject({ status: 'pending', id });
  const later = call(client, 'check-proposal', { id, wait_seconds: 30 });
  await owner.approve();
  expect((await later).said).toMatchObject({ status: 'approved', id });
  expect((await call(client, 'check-proposal', { id })).said).toMatchObject({ status: 'approved', id });
});

it('tells that nobody can answer any more when the bottle ends', async () => {
  const { owner, url } = await startServer(patient);
  const asked = call(await mcpClient(url), 'egress-block', request);
  await owner.open();
  await owner.desk.close();
  expect((await asked).said).toMatchObject({ status: 'abandoned' });
});

it('waits in slices that the launcher forgets soon, and shares one among those who wait for the same', async () => {
  const { owner, url } = await startServer({ ...patient, sliceMs: 50 });
  const client = await mcpClient(url);
  const asked = [1, 2, 3].map(async () => await call(client, 'egress-block', request));
  await expect.poll(() => owner.queries.length, { timeout: 10_000 }).toBeGreaterThan(6);
  await owner.approve();
  const ids = new Set((await Promise.all(asked)).map(({ said }) => said['id']));
  expect(ids.size).toBe(1);
  expect(owner.queries.every((query) => query.query === 'proposal' && query.wait_ms <= 50)).toBe(true);
  expect(owner.mostWaiting).toBe(1);
});

it('gives the normal form of what is asked to the human', async () => {
  const { owner, url } = await startServer();
  await call(await mcpClient(url), 'egress-block', {
    host: ' API.Bücher.Example. ',
    ports: [8443, 443, 443],
    path_allowlist: ['/b/../a', '/a', '/%7Eme/'],
    methods: ['post', 'GET', 'get'],
    justification: 'x',
  });
  expect((await owner.open()).proposal.request).toEqual({
    kind: 'egress-block',
    host: 'api.xn--bcher-kva.example',
    ports: [443, 8443],
    path_allowlist: ['/a', '/~me/'],
    methods: ['GET', 'POST'],
    minutes: null,
    justification: 'x',
  });
});

it.each<[string, object]>([
  ['no host', { host: '' }],
  ['a URL', { host: 'https://api.example.com/' }],
  ['a port in the host', { host: 'api.example.com:443' }],
  ['every host', { host: '*' }],
  ['a public suffix', { host: '*.co.uk' }],
  ['an address', { host: '10.0.0.1' }],
  ['an IPv6 address', { host: '::1' }],
  ['an odd address', { host: '0x7f.1' }],
  ['a sidecar', { host: 'egress' }],
  ['no port', { ports: [] }],
  ['port 0', { ports: [0] }],
  ['a path that decodes twice', { path_allowlist: ['/%252e%252e/'] }],
  ['a path with a query', { path_allowlist: ['/a?b'] }],
  ['a path without a slash', { path_allowlist: ['a'] }],
  ['a method that is none', { methods: ['GET /'] }],
  ['no justification', { justification: '' }],
  ['a blank justification', { justification: ' \n' }],
  ['a long justification', { justification: 'x'.repeat(2049) }],
  ['no time', { minutes: 0 }],
  ['a long time', { minutes: 1e9 }],
  ['a credential', { inject: true }],
  ['a kind', { kind: 'dlp-hold' }],
])('asks nobody for %s', async (_what, change) => {
  const { owner, url } = await startServer();
  const answer = await call(await mcpClient(url), 'egress-block', { ...request, ...change });
  expect(codeOf(answer)).toBe('invalid_arguments');
  expect(answer.isError).toBe(true);
  expect(owner.proposals).toEqual([]);
});

it('tells what the owner refuses, with its code and whether to try again', async () => {
  const { owner, url } = await startServer();
  const client = await mcpClient(url);
  const never = await call(client, 'egress-block', { ...request, host: 'never.example.com' });
  expect(never.said).toMatchObject({
    error: { code: 'proposal_refused', message: 'host: this one never', retryable: false },
  });
  for (let index = 0; index < MAX_OPEN; index += 1)
    await call(client, 'egress-block', { ...request, host: `h${index}.example.com` });
  const flood = await call(client, 'egress-block', request);
  expect(flood.said).toMatchObject({ error: { code: 'too_many_proposals', retryable: true } });
  expect(owner.desk.list()).toHaveLength(MAX_OPEN);
});

it.each(['00000000000000000000', '../../../../etc/passwd', '', 'x'.repeat(5000)])(
  'knows no proposal %j',
  async (id) => {
    const { url } = await startServer();
    const answer = await call(await mcpClient(url), 'check-proposal', { id });
    expect(['unknown_proposal', 'invalid_arguments']).toContain(codeOf(answer));
    expect(answer.isError).toBe(true);
    expect(JSON.stringify(answer.said).length).toBeLessThan(1000);
  },
);

it('does not wait beyond what a client does', async () => {
  const { url } = await startServer();
  const id = '0'.repeat(16);
  const answer = await call(await mcpClient(url), 'check-proposal', { id, wait_seconds: 51 });
  expect(codeOf(answer)).toBe('invalid_arguments');
});

it('answers after a restart of the sidecar, also for what was asked before it', async () => {
  const first = await startServer();
  const { said } = await call(await mcpClient(first.url), 'egress-block', request);
  await first.server.close();
  first.launcher.close();
  const second = await startServer({ owner: first.owner });
  const client = await mcpClient(second.url);
  const { id } = said;
  expect((await call(client, 'check-proposal', { id })).said).toMatchObject({ status: 'pending', id });
  const waiting = call(client, 'check-proposal', { id, wait_seconds: 20 });
  await first.owner.approve();
  expect((await waiting).said).toMatchObject({ status: 'approved', id });
});

it('tells whoever waits that it is pending when the server stops', async () => {
  const { owner, server, url } = await startServer(patient);
  const asked = call(await mcpClient(url), 'egress-block', request);
  await owner.open();
  await expect.poll(() => owner.queries.length).toBeGreaterThan(1);
  const began = performance.now();
  await server.close();
  expect(performance.now() - began).toBeLessThan(5000);
  expect((await asked).said).toMatchObject({ status: 'pending' });
});

it('says that nothing may be asked while the log cannot be written', async () => {
  const { owner, url } = await startServer();
  const client = await mcpClient(url);
  owner.auditFails = true;
  for (const [name, args] of [
    ['egress-block', request],
    ['list-egress-routes', {}],
    ['explain-denial', { denial: 'misdirected' }],
    ['check-proposal', { id: '0'.repeat(16) }],
  ] as const) {
    const answer = await call(client, name, args);
    expect(codeOf(answer)).toBe('audit_unavailable');
  }
  expect(owner.proposals).toEqual([]);
  expect(owner.queries).toEqual([]);
  owner.auditFails = false;
  expect(codeOf(await call(client, 'explain-denial', { denial: 'misdirected' }))).toBeNull();
});

it('writes every call down, with no text of the agent', async () => {
  const { owner, url } = await startServer();
  const client = await mcpClient(url);
  await call(client, 'egress-block', { ...request, justification: 'SENTINEL' });
  await call(client, 'egress-block', { host: 'SENTINEL/' });
  await client.callTool({ name: 'SENTINEL', arguments: {} }).catch(() => undefined);
  await call(client, 'explain-denial', { denial: 'SENTINEL' });
  const calls = (await owner.events()).filter(({ action }) => action === 'tool-call');
  expect(calls.map(({ target, outcome, code }) => [target, outcome, code])).toEqual([
    ['egress-block', 'allowed', null],
    ['egress-block', 'denied', 'malformed_request'],
    ['unknown tool', 'denied', 'malformed_request'],
    ['explain-denial', 'allowed', null],
  ]);
  expect(JSON.stringify(await owner.events())).not.toContain('SENTINEL');
});
