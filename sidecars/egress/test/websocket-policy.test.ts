import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, afterAll, describe, expect, test } from 'vitest';
import type { Route } from '@bot-bottle/egress';
import { bearer, CANARY, HOST, route, SECRET, startProxy, until } from './harness.ts';
import type { Proxy, ProxyOptions } from './harness.ts';
import { HoldDesk, idOf } from './hold-desk.ts';
import { closeFrame, frame, openRawAgent, startRawServer } from './websocket-kit.ts';
import type { RawAgent, RawServer } from './websocket-kit.ts';

let server: RawServer;
let proxy: Proxy;
let agent: RawAgent;

beforeAll(async () => {
  server = await startRawServer();
});
afterAll(() => server.close());
afterEach(async () => {
  agent.socket.destroy();
  await proxy.close();
});

async function start(
  onMatch: Route['dlp']['on_match'],
  { row = {}, ...more }: Partial<ProxyOptions> & { row?: Partial<Route> } = {},
): Promise<void> {
  const dlp: Route['dlp'] = { outbound: ['known_secrets', 'canary', 'crlf'], inbound: [], on_match: onMatch };
  proxy = await startProxy({ routes: [route(HOST, server.port, { auth: bearer, dlp, ...row })], ...more });
  agent = await openRawAgent(proxy, `${HOST}:${server.port}`);
}

const blocked = `close 1008 bot-bottle dlp_blocked: rule canary/canary`;
const stars = '*'.repeat(CANARY.length);
const told = () => JSON.stringify([proxy.events, proxy.logs, agent.seen.lines]);

test('ordinary messages and control frames pass both ways, in order', async () => {
  await start('block');
  agent.write(
    frame('text', 'one'),
    frame('ping', 'p'),
    frame('binary', Buffer.alloc(0)),
    frame('text', '{"a":1}'),
  );
  await server.seen.have('text {"a":1}');
  expect(server.seen.lines).toEqual(['text one', 'ping p', 'binary ', 'text {"a":1}']);
  server.write(frame('pong', 'p'), frame('text', 'two', false), frame('ping'), frame('continuation', '!'));
  server.write(closeFrame(4321, 'enough'));
  await agent.seen.have('close 4321 enough');
  expect(agent.seen.lines).toEqual(['pong p', 'ping', 'text two!', 'close 4321 enough']);
  agent.write(closeFrame(4321, 'enough'));
  await server.seen.have('close 4321 enough');
  await until(() => agent.isClosed() && server.isClosed());
  expect(proxy.events.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual(['upgrade allowed']);
});

describe('block', () => {
  test.each([
    ['text', frame('text', `{"k":"${CANARY}"}`)],
    ['binary', frame('binary', Buffer.concat([Buffer.from([0, 255, 3]), Buffer.from(CANARY)]))],
    ['base64 in text', frame('text', `x ${Buffer.from(`ab${CANARY}cd`).toString('base64')} y`)],
    ['gzip in binary', frame('binary', gzipSync(CANARY))],
    ['strings of JSON', frame('text', JSON.stringify([CANARY.slice(0, 20), CANARY.slice(20)]))],
    ['a ping', frame('ping', CANARY)],
    ['a pong', frame('pong', CANARY)],
    ['a close reason', closeFrame(1000, CANARY)],
  ])('a secret in %s ends it, and nothing of the message leaves', async (_name, sent) => {
    await start('block');
    agent.write(frame('text', 'before'), sent, frame('text', 'after'));
    await agent.seen.have(blocked);
    await until(() => agent.isClosed() && server.isClosed());
    expect(server.seen.lines).toEqual(['text before', 'close 1001']);
    expect(proxy.events.at(-1)).toMatchObject({
      action: 'message',
      outcome: 'denied',
      code: 'dlp_blocked',
      rule: 'canary/canary',
      details: { surface: 'websocket', findings: 1 },
    });
    expect(told()).not.toContain(CANARY);
  });

  test('a message over 1 MiB streams, and is cut before a secret in it is complete', async () => {
    await start('block');
    const filler = Buffer.alloc(3 * 1024 * 1024, 'clean text ');
    agent.write(frame('text', filler));
    await until(() => server.seen.content.length === filler.length);
    expect(server.seen.lines).toEqual([`text ${filler.toString()}`]);
    agent.write(frame('binary', Buffer.concat([filler, Buffer.from(SECRET), filler])));
    await agent.seen.have('close 1008 bot-bottle dlp_blocked: rule known_secrets/EGRESS_TOKEN_0');
    await until(() => server.isClosed());
    expect(server.seen.content).not.toContain(SECRET);
    expect(server.seen.lines.length).toBe(2);
    expect(server.seen.lines.at(-1)).toBe('close 1001');
  });
});

describe('redact', () => {
  test('overwrites with the same length, also in control frames', async () => {
    await start('redact');
    agent.write(frame('text', `k=${CANARY}.`), frame('ping', CANARY), closeFrame(3000, `x${CANARY}`));
    await server.seen.have(`close 3000 x${stars}`);
    expect(server.seen.lines).toEqual([`text k=${stars}.`, `ping ${stars}`, `close 3000 x${stars}`]);
    expect(proxy.events.filter(({ action }) => action === 'message').map(({ outcome }) => outcome)).toEqual([
      'redacted',
      'redacted',
      'redacted',
    ]);
    expect(told()).not.toContain(CANARY);
  });

  test('overwrites the part of a value that has not left', async () => {
    await start('redact');
    agent.write(frame('text', `a${CANARY.slice(0, 12)}`), frame('text', `${CANARY.slice(12)}b`));
    await server.seen.have(`text ${'*'.repeat(CANARY.length - 12)}b`);
    expect(server.seen.lines[0]).toBe(`text a${CANARY.slice(0, 12)}`);
  });

  test('blocks where the place is not known', async () => {
    await start('redact');
    agent.write(frame('binary', gzipSync(CANARY)));
    await agent.seen.have(blocked);
  });
});

test('warn lets it pass and records each message once', async () => {
  await start('warn');
  const filler = 'y'.repeat(1_200_000);
  agent.write(frame('text', CANARY), frame('text', 'clean'), frame('text', filler + CANARY), frame('ping'));
  await server.seen.have('ping');
  expect(server.seen.lines).toEqual([`text ${CANARY}`, 'text clean', `text ${filler}${CANARY}`, 'ping']);
  expect(proxy.events.filter(({ outcome }) => outcome === 'warned').length).toBe(2);
});

test('a row that scans nothing lets a message pass while it comes', async () => {
  await start('block', { row: { dlp: { outbound: [], inbound: [], on_match: 'block' } } });
  agent.write(frame('text', `half ${CANARY}`, false));
  await until(() => server.seen.content === `half ${CANARY}`);
  agent.write(frame('continuation', '!'));
  await server.seen.have(`text half ${CANARY}!`);
});

describe('supervise', () => {
  test('holds the message, and what follows, until it is approved', async () => {
    const desk = new HoldDesk();
    await start('supervise', { propose: desk.propose });
    agent.write(frame('text', `k=${CANARY}`), frame('text', 'next'));
    await until(() => proxy.events.some(({ outcome }) => outcome === 'held'));
    server.write(frame('ping', 'alive?'), frame('text', 'news'));
    await agent.seen.have('text news');
    await server.seen.have('pong alive?');
    expect(agent.seen.lines).toEqual(['text news']);
    expect(desk.asked[0]?.findings).toMatchObject([{ rule: 'canary/canary', surface: 'websocket' }]);
    await desk.answer(proxy, 0, 'approved');
    await server.seen.have('text next');
    expect(server.seen.lines).toEqual(['pong alive?', `text k=${CANARY}`, 'text next']);
    agent.write(frame('text', `again ${CANARY}`));
    await server.seen.have(`text again ${CANARY}`);
    expect(proxy.events.filter(({ action }) => action === 'message')).toMatchObject([
      { outcome: 'allowed', details: { proposal: idOf(0), finding: 'canary/canary' } },
    ]);
    expect(JSON.stringify([proxy.events, proxy.logs, desk.asked])).not.toContain(CANARY);
  });

  test('tells a rejection and its reason', async () => {
    const desk = new HoldDesk();
    await start('supervise', { propose: desk.propose });
    agent.write(frame('text', CANARY));
    await desk.answer(proxy, 0, 'rejected', 'not this');
    await agent.seen.have(
      'close 1008 bot-bottle approval_rejected: A human rejected the request. Reason: not this',
    );
    expect(server.seen.lines).toEqual(['close 1001']);
  });

  test('cuts a message over 1 MiB while a human is asked, and lets it pass after the approval', async () => {
    const desk = new HoldDesk();
    await start('supervise', { propose: desk.propose });
    const long = frame('text', `${'y'.repeat(1_200_000)}${CANARY}`);
    agent.write(long);
    await until(() => agent.isClosed());
    expect(agent.seen.lines[0]).toMatch(/^close 1008 bot-bottle dlp_blocked: .*send it again/);
    await desk.answer(proxy, 0, 'approved');
    agent = await openRawAgent(proxy, `${HOST}:${server.port}`);
    agent.write(long);
    await server.seen.have(`text ${long.payload.toString()}`);
  });

  test('does not wait for an agent that left', async () => {
    const desk = new HoldDesk();
    await start('supervise', { propose: desk.propose });
    agent.write(frame('text', CANARY));
    await until(() => desk.asked.length === 1);
    agent.socket.end();
    await until(() => server.isClosed());
    await desk.answer(proxy, 0, 'approved');
    await proxy.close();
    expect(server.seen.content).toBe('');
    expect(proxy.events.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      'upgrade allowed',
      'upgrade held',
    ]);
  });

  test('blocks where nobody can be asked', async () => {
    await start('supervise');
    agent.write(frame('text', CANARY));
    await agent.seen.have(`${blocked}; a human cannot be asked`);
  });

  test('ends at once when the sidecar stops', async () => {
    const desk = new HoldDesk();
    await start('supervise', { propose: desk.propose });
    agent.write(frame('text', CANARY));
    await until(() => desk.asked.length === 1);
    await proxy.close();
    expect(agent.seen.lines[0]).toMatch(/^close 1001 bot-bottle shutting_down: /);
    expect(server.seen.content).toBe('');
  });
});

test('nothing with a finding passes when its event cannot be recorded', async () => {
  const recorded: string[] = [];
  await start('warn', {
    audit: async ({ action }) => {
      recorded.push(action);
      if (action === 'message') throw new Error('disk full');
    },
  });
  agent.write(frame('text', CANARY));
  await until(() => agent.isClosed());
  expect(agent.seen.lines[0]).toMatch(/^close 1011 bot-bottle audit_unavailable: /);
  expect(server.seen.content).toBe('');
});

test('byte budgets count messages', async () => {
  await start('block', { config: { budget: { request_bytes: 1000, total_bytes: 2500 } } });
  agent.write(frame('text', 'a'.repeat(900)), frame('text', 'b'.repeat(900)));
  await server.seen.have(`text ${'b'.repeat(900)}`);
  agent.write(frame('text', 'c'.repeat(900)));
  await until(() => agent.isClosed());
  expect(agent.seen.lines[0]).toMatch(/^close 1008 bot-bottle budget_exceeded: /);
  agent = await openRawAgent(proxy, `${HOST}:${server.port}`, { path: '/' });
  agent.write(frame('text', 'd'.repeat(600), false), frame('continuation', 'd'.repeat(600)));
  await until(() => agent.isClosed());
  expect(agent.seen.lines[0]).toMatch(/^close 1008 bot-bottle budget_exceeded: /);
});

test('a secret that was replaced is searched from then on', async () => {
  await start('block');
  const renewed = 'renewed-0123456789-abcdefghij';
  agent.write(frame('text', `x ${renewed.slice(1)}`));
  await server.seen.have(`text x ${renewed.slice(1)}`);
  proxy.server.setSecrets({ EGRESS_TOKEN_0: renewed });
  agent.write(frame('text', renewed));
  await agent.seen.have('close 1008 bot-bottle dlp_blocked: rule known_secrets/EGRESS_TOKEN_0');
});
