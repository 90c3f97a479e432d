import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { AuditLog, readAudit, verifyAudit, type AuditLine } from '@bot-bottle/audit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ProposalDesk, QueueStore, type ProposalDeskOptions } from '../src/index.ts';
import { answer, applying, auditDir, bottle, deskWorld, pushRequest } from './desk-world.ts';
import { egressRequest, tempDir } from './samples.ts';

const program = [
  '--conditions=@bot-bottle/source',
  '--disable-warning=ExperimentalWarning',
  join(import.meta.dirname, 'owner-program.ts'),
];

async function eventsOf(folder: string, id?: string): Promise<AuditLine[]> {
  const lines: AuditLine[] = [];
  for await (const line of readAudit(join(folder, 'audit'), bottle))
    if (line.layer === 'supervise' && (id === undefined || line.details['id'] === id)) lines.push(line);
  return lines;
}

async function reopened(folder: string): Promise<{ desk: ProposalDesk; audit: AuditLog; queue: QueueStore }> {
  const audit = await AuditLog.open({ dir: join(folder, 'audit'), bottle, repeatWindowMs: 0 });
  onTestFinished(async () => await audit.close().catch(() => undefined));
  const queue = new QueueStore(join(folder, 'queue'), bottle);
  const options = { bottle, queue, audit, onNotice: () => undefined, onWarning: () => undefined };
  const desk = await ProposalDesk.open(options);
  onTestFinished(async () => void (await desk.close()));
  return { desk, audit, queue };
}

describe('an owner that is killed', () => {
  it('leaves open proposals that every surface lists, and that the next owner closes as abandoned, once', async () => {
    const folder = await tempDir();
    const child = spawn(process.execPath, [...program, 'waits', folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const lines = createInterface({ input: child.stdout });
    const [said]: unknown[] = await once(lines, 'line');
    const { applying: applyingId } = JSON.parse(String(said)) as { applying: string };
    child.kill('SIGKILL');
    await once(child, 'exit');

    const queue = new QueueStore(join(folder, 'queue'), bottle);
    const left = await queue.list();
    expect(left.problems).toEqual([]);
    expect(left.entries.map(({ proposal, response }) => [proposal.request.kind, response])).toEqual([
      ['egress-block', null],
      ['egress-block', null],
      ['dlp-hold', null],
      ['push-approval', null],
    ]);

    for (let time = 0; time < 2; time += 1) {
      const { desk, audit } = await reopened(folder);
      expect(desk.list()).toEqual([]);
      await desk.close();
      await audit.close();
    }
    const { entries } = await queue.list();
    expect(entries).toHaveLength(4);
    for (const { proposal, response } of entries) {
      expect(response).toMatchObject({ outcome: 'abandoned', by: null, applied: null });
      const events = await eventsOf(folder, proposal.id);
      const actions = events.map(({ action }) => action);
      // Of the one that was being applied the log tells so much.
      expect(actions).toEqual(
        proposal.id === applyingId ? ['proposal', 'approve', 'decide'] : ['proposal', 'decide'],
      );
      expect(events.at(-1)).toMatchObject({ outcome: 'failed' });
    }
    expect(await verifyAudit({ dir: join(folder, 'audit'), bottle })).toMatchObject({ ok: true });
  });
});

const unshare = process.getuid?.() === 0 ? ['-m'] : ['-rm'];
const canMount =
  spawnSync('unshare', [...unshare, 'sh', '-c', 'mount -t tmpfs -o size=64k tmpfs /mnt']).status === 0;

const required = (process.env['BOT_BOTTLE_REQUIRE'] ?? '').split(',').includes('mount');

describe('a full disk', () => {
  it.skipIf(!canMount && !required)(
    'refuses what cannot be written, applies nothing twice, and is made up for when there is room again [skipped without mounts]',
    async () => {
      const folder = await tempDir();
      // The tmpfs is seen by the program only, so it copies its logs out before it ends.
      const script =
        'set -e; mount -t tmpfs -o size=512k tmpfs "$1"; mkdir "$1/disk"; folder="$1"; shift; "$@" "$folder/disk"; cp -a "$folder/disk" "$OUT"';
      const out = join(await tempDir(), 'out');
      const argv = [...unshare, 'sh', '-c', script, 'sh', folder, process.execPath, ...program, 'full'];
      const { stdout } = await promisify(execFile)('unshare', argv, {
        env: { ...process.env, OUT: out },
        timeout: 60_000,
      });
      const told = JSON.parse(stdout) as {
        first: string;
        second: string;
        whileFull: { refusals: string[]; open: string[]; decided: string; given: number; listed: unknown[] };
        filling: { decided: string; again: string; given: number; warned: boolean; response: unknown };
      };
      const { first, second, whileFull, filling } = told;
      expect(whileFull.refusals.length).toBeGreaterThan(0);
      for (const refusal of whileFull.refusals)
        expect(refusal).toMatch(/^(?:audit|queue)_unavailable: nothing may be asked$/);
      expect(whileFull.refusals).toContain('audit_unavailable: nothing may be asked');
      expect(whileFull).toMatchObject({
        open: [first, second],
        decided: 'audit_unavailable',
        given: 0,
        listed: [
          [first, null],
          [second, null],
        ],
      });
      expect(filling).toEqual({
        decided: 'done',
        again: 'already_decided',
        given: 1,
        warned: true,
        response: null,
      });
      const { entries, problems } = await new QueueStore(join(out, 'queue'), bottle).list();
      expect(problems).toEqual([]);
      expect(entries.map(({ proposal, response }) => [proposal.id, response?.outcome])).toEqual([
        [first, 'abandoned'],
        [second, 'approved'],
      ]);
      for (const id of [first, second])
        expect((await eventsOf(out, id)).filter(({ action }) => action === 'decide')).toHaveLength(1);
      expect(await verifyAudit({ dir: join(out, 'audit'), bottle })).toMatchObject({
        ok: true,
        problems: [],
      });
    },
    90_000,
  );
});

describe('what was applied but cannot be written down', () => {
  const broken = new Error('no space');
  type Queue = ProposalDeskOptions['queue'];

  it('is a warning, is not applied again, and is written as soon as that is possible', async () => {
    let works = false;
    const around = (queue: QueueStore): Queue => ({
      add: (proposal) => queue.add(proposal),
      list: () => queue.list(),
      respond: async (response) => {
        if (!works) throw broken;
        await queue.respond(response);
      },
    });
    const world = await deskWorld({}, around);
    const { desk, queue, warnings, folder } = world;
    const sidecar = applying();
    const source = desk.connect('git-gate', sidecar.apply);
    const [one, other] = [
      await source.propose(pushRequest()),
      await source.propose(pushRequest({ held: '2' })),
    ];
    const request = answer(desk, one.id);
    expect(await desk.decide(request)).toMatchObject({ outcome: 'approved' });
    expect(warnings).toEqual([`${one.id} was approved, but the queue does not say so: no space`]);
    await expect(desk.decide(request)).rejects.toMatchObject({ code: 'already_decided' });
    expect(sidecar.told).toHaveLength(1);
    expect(await source.status(one.id, 0, new AbortController().signal)).toMatchObject({
      status: 'approved',
    });
    works = true;
    await desk.decide(answer(desk, other.id, 'rejected'));
    expect((await queue.list()).entries.map(({ response }) => response?.outcome)).toEqual([
      'approved',
      'rejected',
    ]);
    for (const { id } of [one, other])
      expect((await eventsOf(folder, id)).filter(({ action }) => action === 'decide')).toHaveLength(1);
  });

  it('is written at the end at the latest, in the log too, and never twice', async () => {
    const { audit, queue, folder } = await deskWorld();
    let works = true;
    const desk = await ProposalDesk.open({
      bottle,
      queue,
      audit: {
        append: async (events) => {
          if (!works) throw broken;
          await audit.append(events);
        },
      },
      onNotice: () => undefined,
      onWarning: () => undefined,
    });
    const source = desk.connect('git-gate', async () => void (works = false));
    const { id } = await source.propose(pushRequest());
    await desk.decide(answer(desk, id));
    expect((await eventsOf(folder, id)).map(({ action }) => action)).toEqual(['proposal', 'approve']);
    works = true;
    await desk.close();
    await desk.close();
    expect((await eventsOf(folder, id)).map(({ action }) => action)).toEqual([
      'proposal',
      'approve',
      'decide',
    ]);
    expect(await verifyAudit({ dir: auditDir({ folder }), bottle })).toMatchObject({ live: true });
  });

  it('is written once, also when several notice at the same time that there is room again', async () => {
    let works = false;
    const around = (queue: QueueStore): Queue => ({
      add: (proposal) => queue.add(proposal),
      list: () => queue.list(),
      respond: async (response) => {
        if (!works) throw broken;
        await queue.respond(response);
      },
    });
    let auditWorks = true;
    const { audit, folder } = await deskWorld();
    const queue = new QueueStore(join(folder, 'queue'), bottle);
    const desk = await ProposalDesk.open({
      bottle,
      queue: around(queue),
      audit: {
        append: async (events) => {
          if (!auditWorks) throw broken;
          await audit.append(events);
        },
      },
      onNotice: () => undefined,
      onWarning: () => undefined,
    });
    const source = desk.connect('git-gate', applying().apply);
    const ids: string[] = [];
    for (const held of ['1', '2', '3', '4']) ids.push((await source.propose(pushRequest({ held }))).id);
    auditWorks = false;
    await desk.decide(answer(desk, ids[0] ?? '', 'rejected'));
    [works, auditWorks] = [true, true];
    await Promise.all(ids.slice(1).map((id) => desk.decide(answer(desk, id, 'rejected'))));
    await desk.close();
    for (const id of ids)
      expect((await eventsOf(folder, id)).filter(({ action }) => action === 'decide')).toHaveLength(1);
    expect((await queue.list()).entries.map(({ response }) => response?.outcome)).toEqual(
      ids.map(() => 'rejected'),
    );
  });

  it('leaves a response that somebody put there, says so, and does not try again', async () => {
    const { desk, queue, warnings } = await deskWorld();
    const { id } = await desk.connect('git-gate', applying().apply).propose(pushRequest());
    const request = answer(desk, id);
    await queue.respond({
      id,
      outcome: 'rejected',
      reason: '',
      decided: new Date().toISOString(),
      by: null,
      digest: request.digest,
      applied: null,
      grant: null,
      dockerfile: null,
    });
    expect(await desk.decide(request)).toMatchObject({ outcome: 'approved' });
    expect(warnings).toHaveLength(1);
    await desk.close();
    expect(warnings).toHaveLength(1);
  });
});

describe('an owner that starts over a broken queue', () => {
  it('reports what is malformed, closes the rest, and takes proposals', async () => {
    const { writeFile, mkdir } = await import('node:fs/promises');
    const folder = await tempDir();
    const first = await reopened(folder);
    await first.desk.connect('supervise', applying().apply).propose(egressRequest());
    const dir = join(folder, 'queue', bottle, 'proposals');
    await writeFile(join(dir, `${'0'.repeat(16)}.json`), '{', { mode: 0o600 });
    await writeFile(join(dir, 'x\u001b[2J'), '');
    await mkdir(join(dir, `${'1'.repeat(16)}.json`));
    await first.audit.close();

    const warnings: string[] = [];
    const audit = await AuditLog.open({ dir: join(folder, 'audit'), bottle, repeatWindowMs: 0 });
    onTestFinished(async () => await audit.close().catch(() => undefined));
    const queue = new QueueStore(join(folder, 'queue'), bottle);
    const desk = await ProposalDesk.open({
      bottle,
      queue,
      audit,
      onNotice: () => undefined,
      onWarning: (message) => void warnings.push(message),
    });
    onTestFinished(async () => void (await desk.close()));
    expect(warnings).toHaveLength(3);
    for (const warning of warnings) expect(warning).toMatch(/^queue: [\x20-\x7e]*set aside in malformed\/$/);
    expect((await queue.list()).entries.map(({ response }) => response?.outcome)).toEqual(['abandoned']);
    const { id } = await desk.connect('supervise', applying().apply).propose(egressRequest());
    expect(desk.list().map(({ proposal }) => proposal.id)).toEqual([id]);
  });
});
