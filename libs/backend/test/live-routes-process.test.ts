import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tableDigest } from '@bot-bottle/egress';
import { expect, it, onTestFinished } from 'vitest';
import type { ExitStatus, SidecarProcess } from '../src/index.ts';
import { grantApplier } from '../src/owner/grant-applier.ts';
import { LiveRoutes } from '../src/owner/live-routes.ts';
import { runSidecar } from '../src/owner/sidecar-host.ts';
import { answer, deskWorld, type DeskWorld } from './proposal-samples.ts';
import { sampleGrant, sampleRoutes } from './routes-sample.ts';
import { tempDir } from './temp-dir.ts';

interface World extends DeskWorld {
  readonly routes: LiveRoutes;
  readonly fate: (what: string) => Promise<void>;
  /** what egress noted: digests of tables, `life …` where one began */
  readonly noted: () => Promise<string[]>;
  readonly ask: (host: string) => Promise<string>;
}

/** The owner's parts before an egress that is a process of its own. */
async function world(): Promise<World> {
  const folder = await tempDir();
  const [fateFile, file] = [join(folder, 'fate'), join(folder, 'noted')];
  await writeFile(fateFile, 'takes');
  const routes = new LiveRoutes(sampleRoutes);
  const made = await deskWorld({ appliers: { 'egress-block': grantApplier(routes) } });
  const startSidecar = async (): Promise<SidecarProcess> => {
    const script = join(import.meta.dirname, 'routes-fake-egress.ts');
    const args = ['--conditions=@bot-bottle/source', script, fateFile, file];
    const child = spawn(process.execPath, args, { stdio: 'pipe', env: {} });
    const exited = new Promise<ExitStatus>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    const { stdin, stdout, stderr, pid = null } = child;
    return { stdin, stdout, stderr, pid, exited, kill: (signal) => void child.kill(signal) };
  };
  const sidecar = await runSidecar({
    host: { startSidecar },
    spec: { name: 'egress', program: '/none', network: true, programs: [], scratch: false },
    setup: () => ({ config: { table: routes.view.table }, secrets: {} }),
    onAudit: async () => undefined,
    logFile: join(folder, 'egress.log'),
    onWarning: (message) => made.warnings.push(message),
    graceMs: 2000,
    backoffMs: 10,
  });
  onTestFinished(async () => await sidecar.close());
  routes.connect((table, signal) => sidecar.setTable(table, signal));
  const source = made.desk.connect('supervise', async () => undefined);
  const { inject: _inject, ...asked } = sampleGrant();
  return {
    ...made,
    routes,
    fate: async (what) => await writeFile(fateFile, what),
    noted: async () => (await readFile(file, 'utf8')).trim().split('\n'),
    ask: async (host) =>
      (await source.propose({ kind: 'egress-block', ...asked, host, justification: 'for the tests' })).id,
  };
}

async function agrees({ noted, routes }: World): Promise<void> {
  const last = async (): Promise<string> => (await noted()).at(-1)?.replace('life ', '') ?? '';
  await expect.poll(last, { timeout: 10_000 }).toBe(routes.view.digest);
}

const failing: [string, RegExp, number][] = [
  ['refuses', /not this one/, 1],
  ['confirms-another', /another table than it was given/, 1],
  ['dies', /the sidecar ended; whether it was applied is not known/, 2],
  ['dies-before-it-says-so', /the sidecar ended; whether it was applied is not known/, 2],
  ['breaks-the-protocol', /the sidecar broke the protocol/, 2],
];

it.each(failing)('egress that %s and its next life have the table of the owner', async (fate, why, lives) => {
  const made = await world();
  const { desk, routes, noted, ask } = made;
  const before = routes.view.digest;
  const id = await ask('new.example.com');
  await made.fate(fate);
  await expect(desk.decide({ ...answer(desk, id), table: routes.view.digest })).rejects.toMatchObject({
    code: 'apply_failed',
    message: expect.stringMatching(why),
    hint: 'the proposal still waits',
  });
  expect(routes.view.digest).toBe(before);
  await made.fate('takes');
  const begun = async (): Promise<number> =>
    (await noted()).filter((line) => line.startsWith('life ')).length;
  await expect.poll(begun, { timeout: 10_000 }).toBe(lives);
  await agrees(made);
  // The proposal still waits, and is approved once egress serves again.
  const again = async (): Promise<string> =>
    await desk.decide({ ...answer(desk, id), table: routes.view.digest }).then(
      ({ outcome }) => outcome,
      () => 'failed',
    );
  await expect.poll(again, { timeout: 10_000 }).toBe('approved');
  expect(routes.view.digest).not.toBe(before);
  await agrees(made);
  expect(routes.view.table.routes.filter(({ owner }) => owner === 'grant')).toHaveLength(1);
});

it('egress that hangs is given up, started anew with the table of the owner, and goes on', async () => {
  const made = await world();
  const { routes, fate } = made;
  await fate('hangs');
  const make = () => routes.withGrant(sampleGrant());
  await expect(routes.change(null, make, AbortSignal.timeout(300))).rejects.toMatchObject({
    name: 'TimeoutError',
  });
  await fate('takes');
  const again = async (): Promise<string> =>
    await routes.change(null, make, AbortSignal.timeout(5000)).then(
      ({ digest }) => digest,
      () => 'failed',
    );
  await expect.poll(again, { timeout: 10_000 }).not.toBe('failed');
  await agrees(made);
});

it('egress that dies after it confirmed a table gets that table again', async () => {
  const made = await world();
  const { desk, routes, noted, fate, ask } = made;
  await fate('dies-after-it-said-so');
  await desk.decide({ ...answer(desk, await ask('new.example.com')), table: routes.view.digest });
  const { digest } = routes.view;
  await expect.poll(noted, { timeout: 10_000 }).toContain(`life ${digest}`);
  expect(tableDigest(routes.view.table)).toBe(digest);
  await agrees(made);
});
