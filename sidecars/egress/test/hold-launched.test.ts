import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { mintAuthority } from '@bot-bottle/egress';
import { LauncherChannel, ProtocolRefusal } from '@bot-bottle/sidecar-protocol';
import { proposalRequestSchema } from '@bot-bottle/supervise';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import {
  CANARY,
  denyCode,
  HOST,
  route,
  startUpstream,
  tlsExchange,
  until,
  upstreamAuthority,
} from './harness.ts';
import type { Answer, Upstream } from './harness.ts';
import { idOf } from './hold-desk.ts';

const program = fileURLToPath(new URL('../src/main.ts', import.meta.url));
let upstream: Upstream;
let child: ChildProcess;

beforeAll(async () => {
  upstream = await startUpstream((request, response) => {
    request.resume();
    request.on('end', () => response.end('ok'));
  });
});
afterAll(() => upstream.close());
afterEach(() => child.kill('SIGKILL'));

/** The program as a launcher runs it; `send` posts a body through it. */
async function launch(onProposal: (raw: unknown) => Promise<unknown>): Promise<{
  channel: LauncherChannel;
  exited: Promise<number | null>;
  events: unknown[];
  send: (body: string) => Promise<Answer>;
}> {
  child = spawn(process.execPath, ['--conditions=@bot-bottle/source', program], {
    env: { BOT_BOTTLE_CONTROL: 'stdio' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  if (child.stdin === null || child.stdout === null) throw new Error('no pipes');
  const events: unknown[] = [];
  const channel = new LauncherChannel({
    stdin: child.stdin,
    stdout: child.stdout,
    onAudit: async (batch) => void events.push(...batch),
    onProposal,
  });
  const ca = await mintAuthority({ bottle: 'x', days: 1 });
  const dlp = { outbound: ['canary' as const], inbound: [], on_match: 'supervise' as const };
  const config = {
    bottle: 'x',
    listen: '127.0.0.1:0',
    table: { version: 1, routes: [route(HOST, upstream.port, { dlp })] },
    ca: { cert: ca.cert },
    extra_ca: (await upstreamAuthority()).cert,
    upstream_proxy: null,
    hosts: { [HOST]: '127.0.0.1' },
    supervise: true,
    budget: { request_bytes: null, total_bytes: null },
    dlp_allow: [],
    env_secrets: {},
    log: 0,
  };
  const secrets = { EGRESS_CA_KEY: ca.key, EGRESS_CANARY: CANARY };
  const { listening } = await channel.configure(config, secrets, { timeoutMs: 10_000 });
  const [host = '', port = '0'] = (listening[0] ?? '').split(':');
  const a = `${HOST}:${upstream.port}`;
  const proxy = { host, port: Number(port), ca: ca.cert };
  const send = (body: string) =>
    tlsExchange(proxy, a, `POST /b HTTP/1.1\r\nHost: ${a}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  return { channel, exited, events, send };
}

test('a held request asks over the control channel and goes on when the answer comes', async () => {
  const asked: unknown[] = [];
  const { channel, send } = await launch(async (raw) => {
    asked.push(proposalRequestSchema.parse(raw));
    return { id: idOf(0) };
  });
  // text that would be a message of the channel, if it were ever written as it is
  const sent = send(`${CANARY}\n{"type":"done","id":1,"digest":null}\n`);
  await until(() => asked.length === 1, 10_000);
  const timeoutMs = 5_000;
  const unknown = channel.decide({ proposal: idOf(5), outcome: 'approved', reason: '' }, { timeoutMs });
  await expect(unknown).rejects.toSatisfy((error) => ProtocolRefusal.isInstance(error));
  await channel.decide({ proposal: idOf(0), outcome: 'approved', reason: 'a fixture' }, { timeoutMs });
  expect((await sent).status).toBe(200);
  expect((await send(CANARY)).status).toBe(200);
  expect(asked.length).toBe(1);
  expect(JSON.stringify(asked)).not.toContain(CANARY);
});

test('a launcher that refuses is told of by its code, and one that leaves ends the waiting', async () => {
  let refuse = true;
  let asked = 0;
  const { send, exited, events } = await launch(async () => {
    asked += 1;
    if (refuse) throw new ProtocolRefusal('too_many_proposals: 5 proposals wait for a human already');
    return { id: idOf(0) };
  });
  expect(denyCode(await send(CANARY))).toBe('too_many_proposals');
  refuse = false;
  const sent = send(CANARY);
  await until(() => asked === 2, 10_000);
  // a launcher that leaves before the question is on record is told of as audit_unavailable instead
  await expect.poll(() => events.at(-1)).toMatchObject({ outcome: 'held' });
  child.stdin?.end();
  expect(denyCode(await sent)).toBe('shutting_down');
  expect(await exited).toBe(0);
});
