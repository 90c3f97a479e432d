import { spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_OPEN, proposalDigest, type Response } from '@bot-bottle/supervise';
import { expect, it, onTestFinished } from 'vitest';
import { ControlClient, type ExitStatus, type SidecarProcess } from '../src/index.ts';
import { ControlServer } from '../src/owner/control-server.ts';
import { runSidecar } from '../src/owner/sidecar-host.ts';
import { launched } from './owner-launched.ts';
import { answer, bottle, deskWorld, samplePush, type DeskWorld } from './proposal-samples.ts';
import { tempDir } from './temp-dir.ts';

interface Running extends DeskWorld {
  readonly client: ControlClient;
  readonly lives: SidecarProcess[];
  /** waits for a line of what the sidecar noted */
  readonly noted: (part: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A real sidecar process at a desk, with a real control socket before it. */
async function running(mode: string, changes: Parameters<typeof deskWorld>[0] = {}): Promise<Running> {
  const world = await deskWorld(changes);
  const folder = await tempDir();
  const file = join(folder, 'noted.jsonl');
  const lives: SidecarProcess[] = [];
  const startSidecar = async (): Promise<SidecarProcess> => {
    const script = join(import.meta.dirname, 'proposal-fake-sidecar.ts');
    const args = ['--conditions=@bot-bottle/source', script, mode, file, JSON.stringify(samplePush)];
    const child = spawn(process.execPath, args, { stdio: 'pipe', env: {} });
    const exited = new Promise<ExitStatus>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    const { stdin, stdout, stderr, pid = null } = child;
    const life = {
      stdin,
      stdout,
      stderr,
      pid,
      exited,
      kill: (signal: NodeJS.Signals) => void child.kill(signal),
    };
    lives.push(life);
    return life;
  };
  const sidecar = await runSidecar({
    host: { startSidecar },
    spec: { name: 'git-gate', program: '/none', network: true, programs: [], scratch: false },
    setup: () => ({ config: {}, secrets: {} }),
    onAudit: async (events) => await world.audit.append(events, { only: 'git-gate' }),
    desk: world.desk,
    logFile: join(folder, 'git-gate.log'),
    onWarning: (message) => world.warnings.push(message),
    graceMs: 2000,
    // A second life would only ask again.
    backoffMs: 600_000,
  });
  onTestFinished(async () => await sidecar.close());
  const runtimeDir = join(folder, 'run');
  await mkdir(runtimeDir, { mode: 0o700 });
  const unused = (): never => {
    throw new Error('not part of this test');
  };
  const server = await ControlServer.listen({
    runtimeDir,
    identity: bottle,
    handlers: {
      status: unused,
      exec: unused,
      main: () => null,
      onAttach: unused,
      stop: unused,
      appendAudit: unused,
      proposals: () => world.desk.list(),
      decide: async (request) => await world.desk.decide(request),
      routes: unused,
      setRoutes: unused,
    },
  });
  onTestFinished(async () => await server.close());
  const text = async (): Promise<string> => await readFile(file, 'utf8').catch(() => '');
  return {
    ...world,
    client: new ControlClient(server.path),
    lives,
    noted: async (part) => await expect.poll(text, { timeout: 10_000 }).toContain(part),
    close: async () => await sidecar.close(),
  };
}

const failureOf = async (work: Promise<unknown>): Promise<unknown> =>
  await work.catch((error: unknown) => error);

it('asks over its channel, is answered over the control socket, and applies before that answer', async () => {
  const { client, noted, queue } = await running('asks');
  await noted('"answer"');
  const [open] = await client.proposals();
  if (open === undefined) throw new Error('nothing is open');
  expect(proposalDigest(open.proposal)).toBe(open.digest);
  const response: Response = await client.decide({
    id: open.proposal.id,
    digest: proposalDigest(open.proposal),
    outcome: 'approved',
    reason: 'fine',
    by: 'op',
  });
  expect(response).toMatchObject({ outcome: 'approved', by: 'op' });
  await noted(`{"decision":{"proposal":"${open.proposal.id}","outcome":"approved","reason":"fine"}}`);
  expect((await queue.list()).entries).toMatchObject([{ response }]);
  expect(await client.proposals()).toEqual([]);
});

it('tells over the socket why a decision was not made, with its code', async () => {
  const { client, noted, desk } = await running('cannot-apply');
  await noted('"answer"');
  const id = desk.list()[0]?.proposal.id ?? '';
  const request = answer(desk, id);
  expect(await failureOf(client.decide({ ...request, digest: 'f'.repeat(64) }))).toMatchObject({
    name: 'SuperviseError',
    code: 'changed',
  });
  expect(await failureOf(client.decide(request))).toMatchObject({
    code: 'apply_failed',
    message: expect.stringContaining('main moved\\u{1b}[31m'),
  });
  expect(await client.proposals()).toMatchObject([{ deciding: null }]);
});

it.each<[string, object]>([
  ['a name of a path', { id: '../../../../tmp/evil' }],
  ['no digest', { digest: '' }],
  ['another outcome', { outcome: 'abandoned' }],
  ['nobody', { by: '' }],
  ['unknown keys', { force: true }],
])('hangs up on a decision with %s', async (_what, change) => {
  const { client, noted, desk } = await running('asks');
  await noted('"answer"');
  const request = answer(desk, desk.list()[0]?.proposal.id ?? '');
  expect(await failureOf(client.decide({ ...request, ...change }))).toBeInstanceOf(Error);
  expect(await client.proposals()).toHaveLength(1);
});

it.each(['sends-a-decision', 'says-done'])(
  'cannot answer itself when it %s: its life ends and the proposal with it',
  async (mode) => {
    const { desk, noted, lives, queue } = await running(mode);
    await noted('"answer"');
    await lives[0]?.exited;
    await expect.poll(() => desk.list()).toEqual([]);
    await expect.poll(async () => (await queue.list()).entries[0]?.response?.outcome).toBe('abandoned');
  },
);

it('cannot flood the human: few wait, the rest is told so', async () => {
  const { desk, noted, notices } = await running('floods');
  await noted('"flooded"');
  await noted('too_many_proposals');
  expect(desk.list()).toHaveLength(MAX_OPEN);
  expect(notices).toHaveLength(MAX_OPEN);
});

it('that floods the channel itself loses it, and the owner goes on', async () => {
  const { desk, client, lives, notices } = await running('floods-the-channel');
  await lives[0]?.exited;
  expect(await client.proposals()).toEqual(desk.list());
  expect(notices.length).toBeLessThanOrEqual(MAX_OPEN);
});

it('that dies while it applies leaves a proposal that nobody calls approved', async () => {
  const { client, desk, noted, queue } = await running('dies-while-it-applies');
  await noted('"answer"');
  const failure = await failureOf(client.decide(answer(desk, desk.list()[0]?.proposal.id ?? '')));
  expect(failure).toMatchObject({ code: 'apply_failed', message: expect.stringContaining('not known') });
  await expect.poll(async () => (await queue.list()).entries[0]?.response?.outcome).toBe('abandoned');
});

it('that is killed takes its proposals with it', async () => {
  const { desk, noted, lives, queue } = await running('asks');
  await noted('"answer"');
  lives[0]?.kill('SIGKILL');
  await expect.poll(() => desk.list()).toEqual([]);
  await expect
    .poll(async () => (await queue.list()).entries[0]?.response?.reason)
    .toBe('the sidecar git-gate ended');
});

it('that does not answer blocks neither the list nor the end', async () => {
  const { client, desk, noted, close } = await running('hangs', { closeGraceMs: 1 });
  await noted('"answer"');
  const deciding = failureOf(client.decide(answer(desk, desk.list()[0]?.proposal.id ?? '')));
  await noted('"decision"');
  expect(await client.proposals()).toMatchObject([{ deciding: { by: 'op' } }]);
  await desk.close();
  expect(await deciding).toMatchObject({ code: 'apply_failed' });
  await close();
});

it('is refused by a launched bottle where nobody is asked, over the same way', async () => {
  const { client, backend } = await launched(['true'], { sidecar: 'asks' });
  await expect
    .poll(async () => await readFile(backend.configurations, 'utf8'), { timeout: 10_000 })
    .toContain('no proposal is taken');
  expect(await client.proposals()).toEqual([]);
  expect(
    await failureOf(
      client.decide({
        id: '0'.repeat(16),
        digest: '0'.repeat(64),
        outcome: 'approved',
        reason: '',
        by: 'op',
      }),
    ),
  ).toMatchObject({
    code: 'unknown_proposal',
  });
});
