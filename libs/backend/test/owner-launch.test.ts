import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { verifyAudit } from '@bot-bottle/audit';
import { expect, it } from 'vitest';
import { launchBottle, StateStore } from '../src/index.ts';
import { launched, prepared } from './owner-launched.ts';
import { Sink } from './owner-streams.ts';

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

it('configures the sidecar with the plan and all secrets, which no file of the state holds', async () => {
  const { backend, plan } = await launched(['true']);
  const [line = ''] = (await readFile(backend.configurations, 'utf8')).split('\n');
  const { config, secrets } = JSON.parse(line) as {
    config: Record<string, unknown>;
    secrets: Record<string, string>;
  };
  expect(config).toMatchObject({
    bottle: plan.identity,
    listen: 'unix:/run/none.sock',
    table: plan.routes.table,
    env_secrets: { EGRESS_SECRET_0: 'DEPLOY_KEY' },
  });
  expect(secrets).toMatchObject({
    EGRESS_TOKEN_0: 'the-route-token',
    EGRESS_SECRET_0: 'the-deploy-key',
    EGRESS_CA_KEY: expect.stringContaining('PRIVATE KEY'),
    EGRESS_CANARY: expect.stringMatching(/^.{20,}$/),
  });
  expect(await readFile(join(plan.stateDir, 'metadata.json'), 'utf8')).not.toMatch(
    /the-route-token|the-deploy-key/,
  );
});

it('runs the program with its stdio and gives its exit code', async () => {
  const { launched: bottle } = await launched(['sh', '-c', 'echo out; echo err >&2; exit 7']);
  const [stdout, stderr] = [new Sink(), new Sink()];
  expect(await bottle.runMain({ stdin: null, stdout, stderr, tty: null })).toEqual({ code: 7, signal: null });
  expect([stdout.text, stderr.text]).toEqual(['out\n', 'err\n']);
});

it('says that a bottle ended from outside, and nothing of the kind when it is closed', async () => {
  const { launched: bottle, warnings } = await launched(['sleep', '600']);
  const running = bottle.runMain({ stdin: null, stdout: null, stderr: null, tty: null });
  await bottle.mainStarted;
  await bottle.bottle.close();
  expect((await running).code).not.toBe(0);
  expect(warnings).toContainEqual(expect.stringMatching(/ended from outside/));

  const closed = await launched(['sleep', '600']);
  const ending = closed.launched.runMain({ stdin: null, stdout: null, stderr: null, tty: null });
  await closed.launched.mainStarted;
  await closed.launched.close();
  await ending;
  expect(closed.warnings.filter((text) => text.includes('outside'))).toEqual([]);
});

it('does not wait for what a program left behind holding its output', async () => {
  const { launched: bottle } = await launched(['sh', '-c', 'sleep 600 & echo out']);
  const stdout = new Sink();
  // The fake bottle tells of the end only when all pipes are closed, so this shows the relay alone.
  void bottle.runMain({ stdin: null, stdout, stderr: null, tty: null });
  await stdout.has('out');
  await bottle.close();
});

it('leaves the canary and the env secrets, and no route credential, in the environment', async () => {
  const { launched: bottle } = await launched(['env']);
  const stdout = new Sink();
  await bottle.runMain({ stdin: null, stdout, stderr: null, tty: null });
  expect(stdout.text).toContain('DEPLOY_KEY=the-deploy-key');
  expect(stdout.text).not.toContain('the-route-token');
});

it('removes the state, keeps the audit log, and the log verifies', async () => {
  const { launched: bottle, plan } = await launched(['true']);
  await bottle.runMain({ stdin: null, stdout: null, stderr: null, tty: null });
  expect(await bottle.close()).toEqual([`${plan.identity}: a mount stayed`]);
  expect(await isThere(plan.stateDir)).toBe(false);
  const found = await verifyAudit({ dir: join(plan.botBottleHome, 'audit'), bottle: plan.identity });
  expect(found).toMatchObject({ ok: true, live: false });
});

it('keeps the state with --keep, marked as preserved', async () => {
  const { launched: bottle, plan } = await launched(['true'], {}, {}, true);
  await bottle.close();
  expect(await new StateStore(plan.botBottleHome).isPreserved(plan.identity)).toBe(true);
});

it('marks the state of --keep before the backend looks whether to remove the home', async () => {
  const { options, plan, backend } = await prepared(['true'], {}, {}, true);
  const marked: boolean[] = [];
  const open: typeof backend.open = async (spec) => {
    const host = await backend.open(spec);
    const close = async (): Promise<readonly string[]> => {
      marked.push(await isThere(join(plan.stateDir, '.preserve')));
      return await host.close();
    };
    return { ...host, close };
  };
  const bottle = await launchBottle({ ...options, backend: { ...backend, open } });
  await bottle.close();
  expect(marked).toEqual([true]);
});

it('closes in reverse: agent, then host', async () => {
  const { launched: bottle, backend } = await launched(['true']);
  await bottle.close();
  expect(backend.calls.indexOf('bottle.close')).toBeLessThan(backend.calls.indexOf('close'));
});

it.each(['open', 'bottle', 'selfCheck'] as const)(
  'undoes everything when %s fails, and throws that error',
  async (failing) => {
    const { options, plan, backend, warnings } = await prepared(['true'], { failing });
    await expect(launchBottle(options)).rejects.toMatchObject({
      code: 'launch_failed',
      message: `${failing} fails`,
    });
    expect(await isThere(plan.stateDir)).toBe(false);
    expect(backend.calls.includes('close')).toBe(failing !== 'open');
    for (const sidecar of backend.sidecars) expect(await sidecar.exited).toBeDefined();
    expect(warnings).toEqual(failing === 'open' ? [] : [`${plan.identity}: a mount stayed`]);
  },
);

it('tells of a teardown that fails as a warning, and goes on with the rest', async () => {
  const { launched: bottle, plan } = await launched(['true'], { failing: 'close' });
  expect(await bottle.close()).toEqual([`${plan.identity}: closing the bottle failed: close fails`]);
  expect(await isThere(plan.stateDir)).toBe(false);
});

it('undoes a launch that is aborted', async () => {
  const abort = new AbortController();
  const { options, plan } = await prepared(['true'], {}, { signal: abort.signal });
  const launching = launchBottle(options);
  abort.abort();
  await expect(launching).rejects.toMatchObject({ name: 'AbortError' });
  expect(await isThere(plan.stateDir)).toBe(false);
});

it('refuses an identity that another owner holds, and leaves its state alone', async () => {
  const { options, plan } = await launched(['true']);
  await expect(launchBottle(options)).rejects.toMatchObject({ code: 'state_locked' });
  expect(await isThere(plan.stateDir)).toBe(true);
});

it('refuses an extra CA file that is none before anything is built', async () => {
  const { options, plan, backend } = await prepared(['true']);
  const extraCaFile = join(plan.botBottleHome, 'nothing.pem');
  const changed = { ...plan, egress: { ...plan.egress, extraCaFile } };
  await expect(launchBottle({ ...options, plan: changed })).rejects.toMatchObject({
    code: 'settings_invalid',
    exitCode: 1,
  });
  expect(backend.calls).toEqual([]);
});

it('refuses a folder for sockets that others can write to, and undoes the launch', async () => {
  const { options, plan, folder } = await prepared(['true']);
  const runtimeDir = join(folder, 'open');
  await mkdir(runtimeDir, { mode: 0o777 });
  const { chmod } = await import('node:fs/promises');
  await chmod(runtimeDir, 0o777);
  await expect(launchBottle({ ...options, runtimeDir })).rejects.toMatchObject({
    code: 'runtime_dir_unsafe',
  });
  expect(await isThere(plan.stateDir)).toBe(false);
});

it('is up when the agent can ask, where the agent connects to its tools at its start', async () => {
  const ready = await prepared(
    ['true'],
    {},
    { sidecarPrograms: { egress: '/none/a.js', supervise: '/none/b.js' } },
  );
  const plan = {
    ...ready.plan,
    sidecars: ['egress', 'supervise'] as const,
    superviseCommands: [{ argv: ['true'], failureMessage: 'not registered', expectOutput: null }],
  };
  const bottle = await launchBottle({ ...ready.options, plan });
  const configured = (await readFile(ready.backend.configurations, 'utf8')).trim().split('\n');
  // The one of supervise holds no routes.
  expect(configured.filter((line) => line.includes('"bottle"') && !line.includes('"table"'))).toHaveLength(1);
  await bottle.close();
});
