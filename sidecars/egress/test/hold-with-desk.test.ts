import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AuditLog } from '@bot-bottle/audit';
import { ProposalDesk, QueueStore } from '@bot-bottle/supervise';
import type { OpenProposal, ProposalSource } from '@bot-bottle/supervise';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  CANARY,
  denyCode,
  get,
  HOST,
  route,
  startProxy,
  startUpstream,
  temporaryFolder,
  tlsExchange,
  until,
} from './harness.ts';
import type { Proxy, Upstream } from './harness.ts';

let upstream: Upstream;
let proxy: Proxy;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let audit: AuditLog;
let desk: ProposalDesk;
let source: ProposalSource;

/** The launcher's own desk, queue and audit log, on files. */
beforeEach(async () => {
  folder = await temporaryFolder();
  audit = await AuditLog.open({ dir: join(folder.path, 'audit'), bottle: 'test', repeatWindowMs: 0 });
  desk = await ProposalDesk.open({
    bottle: 'test',
    queue: new QueueStore(join(folder.path, 'queue'), 'test'),
    audit,
    onNotice: () => undefined,
    onWarning: () => undefined,
  });
  source = desk.connect('egress', (decision) => proxy.server.decide(decision));
  upstream = await startUpstream((_request, response) => response.end('ok'));
  proxy = await startProxy({
    routes: [
      route(HOST, upstream.port, { dlp: { outbound: ['canary'], inbound: [], on_match: 'supervise' } }),
    ],
    propose: (request) => source.propose(request),
    audit: (event) => audit.append([event]),
  });
});
afterEach(async () => {
  await proxy.close();
  await desk.close();
  await audit.close();
  await upstream.close();
  await folder.remove();
});

const a = () => `${HOST}:${upstream.port}`;

async function opened(count: number): Promise<OpenProposal[]> {
  await until(() => desk.list().length === count);
  return desk.list();
}

async function answer(each: OpenProposal, outcome: 'approved' | 'rejected', reason: string): Promise<void> {
  const { proposal, digest } = each;
  await desk.decide({ id: proposal.id, digest, outcome, reason, by: 'operator' });
}

test('what the desk approves leaves, and no file of the host holds the value', async () => {
  const sent = [0, 1, 2].map(() => tlsExchange(proxy, a(), get(`/x/${CANARY}?q=${CANARY}`, a())));
  const [only] = await opened(1);
  if (only === undefined) throw new Error('nothing was asked');
  await expect(answer(only, 'approved', '')).rejects.toMatchObject({ code: 'needs_reason' });
  await answer(only, 'approved', 'a fixture of the tests');
  expect((await Promise.all(sent)).map(({ status }) => status)).toEqual([200, 200, 200]);
  await expect(answer(only, 'rejected', '')).rejects.toMatchObject({ code: 'already_decided' });
  const entries = await readdir(folder.path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  expect(texts.some((text) => text.includes(only.proposal.id))).toBe(true);
  expect(texts.join('\n')).not.toContain(CANARY);
});

test('more questions than the desk takes are told so, and a rejection is told with its reason', async () => {
  const sent = Array.from({ length: 7 }, (_, i) => tlsExchange(proxy, a(), get(`/${i}?q=${CANARY}`, a())));
  const open = await opened(5);
  for (const each of open) await answer(each, 'rejected', 'not that one');
  const answers = await Promise.all(sent);
  expect(answers.map(denyCode).toSorted()).toEqual([
    ...Array.from({ length: 5 }, () => 'approval_rejected'),
    ...Array.from({ length: 2 }, () => 'too_many_proposals'),
  ]);
  expect(answers.filter(({ body }) => body.includes('not that one')).length).toBe(5);
});

test('a desk that closes ends the asking', async () => {
  await desk.close();
  expect(denyCode(await tlsExchange(proxy, a(), get(`/x?q=${CANARY}`, a())))).toBe('shutting_down');
});
