import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readAudit } from '@bot-bottle/audit';
import { expect, it, onTestFinished } from 'vitest';
import type { ExitStatus, SidecarName, SidecarProcess } from '../src/index.ts';
import { BottleSidecars } from '../src/owner/bottle-sidecars.ts';
import { UndoStack } from '../src/owner/undo-stack.ts';
import { bottle, deskWorld, samplePush, type DeskWorld } from './proposal-samples.ts';
import { fakeEgress, sampleGrant } from './routes-sample.ts';
import { sampleAgent } from './sample-agent.ts';
import { samplePlan } from './sample-plan.ts';
import { tempDir } from './temp-dir.ts';

interface TakenOver {
  readonly name: SidecarName;
  readonly events?: readonly object[];
  readonly proposals?: readonly object[];
  /** of the bottle */
  readonly supervise?: boolean;
}

interface Ended extends DeskWorld {
  /** what became of each event and proposal */
  readonly noted: unknown[];
  readonly lines: Array<Record<string, unknown>>;
}

/** Runs a sidecar of a bottle that says all that, and waits until it was told what became of it. */
async function takenOver({ name, events = [], proposals = [], supervise = true }: TakenOver): Promise<Ended> {
  const folder = await tempDir();
  const world = await deskWorld();
  const file = join(folder, 'noted.jsonl');
  const plan = await samplePlan(folder, sampleAgent({ bottle: { supervise } }));
  const undo = new UndoStack();
  onTestFinished(async () => void (await undo.run()));
  const startSidecar = async (): Promise<SidecarProcess> => {
    const script = join(import.meta.dirname, 'attack-fake-sidecar.ts');
    const said = [file, JSON.stringify(events), JSON.stringify(proposals)];
    const child = spawn(process.execPath, ['--conditions=@bot-bottle/source', script, ...said], {
      stdio: 'pipe',
      env: {},
    });
    const exited = new Promise<ExitStatus>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    const { stdin, stdout, stderr, pid = null } = child;
    return { stdin, stdout, stderr, pid, exited, kill: (signal) => void child.kill(signal) };
  };
  const sidecars = new BottleSidecars({
    plan: { ...plan, sidecars: [name] },
    host: { startSidecar },
    programs: { [name]: '/none' },
    setups: {},
    audit: world.audit,
    desk: world.desk,
    routes: fakeEgress().routes,
    guard: null,
    undo,
    onWarning: (message) => world.warnings.push(message),
  });
  await sidecars.startNeeded();
  sidecars.startLate();
  const text = async (): Promise<string> => await readFile(file, 'utf8').catch(() => '');
  await expect.poll(text, { timeout: 15_000 }).toContain('"over"');
  const noted: unknown[] = (await text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return { ...world, noted: noted.slice(0, -1), lines: await recorded(world) };
}

async function recorded({ dir }: DeskWorld): Promise<Array<Record<string, unknown>>> {
  const lines = [];
  for await (const line of readAudit(dir, bottle)) lines.push({ ...line });
  return lines;
}

const decided = {
  layer: 'supervise',
  action: 'decide',
  outcome: 'allowed',
  code: null,
  target: '0123456789abcdef evil.example',
  rule: null,
  details: { by: 'op', reason: 'fine', outcome: 'approved' },
};
const called = { ...decided, action: 'tool-call', target: 'egress-block', details: {} };
const { inject: _inject, ...reach } = sampleGrant();
const block = { kind: 'egress-block', ...reach, justification: 'for the tests' };

it('writes down what the supervise sidecar does, and nothing that only the desk may say', async () => {
  const forged = ['decide', 'approve', 'proposal'].map((action) => ({ ...decided, action }));
  const { noted, lines } = await takenOver({ name: 'supervise', events: [called, ...forged, called] });
  expect(noted).toEqual(['recorded', 'not recorded', 'not recorded', 'not recorded', 'recorded']);
  expect(lines.map(({ action }) => action)).toEqual(['tool-call', 'tool-call']);
});

it('takes a proposal of the sidecars of a bottle that may ask', async () => {
  const { noted, desk } = await takenOver({ name: 'supervise', proposals: [block] });
  expect(noted).toEqual(['taken']);
  expect(desk.list()).toHaveLength(1);
});

it('takes no proposal of a kind that belongs to another sidecar', async () => {
  const { noted, desk } = await takenOver({ name: 'git-gate', proposals: [block] });
  expect(noted).toEqual([{ refused: expect.stringContaining('git-gate may not ask for egress-block') }]);
  expect(desk.list()).toEqual([]);
});

it('takes no proposal where the bottle says that nobody is asked', async () => {
  const asked: TakenOver = { name: 'git-gate', proposals: [samplePush], supervise: false };
  const { noted, desk, notices, lines } = await takenOver(asked);
  expect(noted).toEqual([{ refused: expect.stringContaining('no proposal is taken') }]);
  expect(desk.list()).toEqual([]);
  expect(notices).toEqual([]);
  expect(lines).toEqual([]);
});
