import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readAudit } from '@bot-bottle/audit';
import { expect, it } from 'vitest';
import { launchBottle } from '../src/index.ts';
import { BoundedLog } from '../src/owner/bounded-log.ts';
import { launched, prepared } from './owner-launched.ts';
import { tempDir } from './temp-dir.ts';

it('starts a sidecar that was killed anew, and tells it everything again', async () => {
  const { backend, warnings } = await launched(['true']);
  backend.sidecars[0]?.kill('SIGKILL');
  await expect
    .poll(() => warnings.some((text) => text.includes('serves again')), { timeout: 10_000 })
    .toBe(true);
  const [first, second, ...more] = (await readFile(backend.configurations, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { config: { now: number } });
  expect(more).toEqual([]);
  // the owner's clock went on
  expect(second).toEqual({ ...first, config: { ...first?.config, now: expect.any(Number) } });
  expect(second?.config.now).toBeGreaterThan(first?.config.now ?? Infinity);
  expect(warnings[0]).toMatch(/egress ended \(SIGKILL\)/);
});

it('writes the events of a sidecar', async () => {
  const { plan } = await launched(['true']);
  const found = [];
  for await (const line of readAudit(join(plan.botBottleHome, 'audit'), plan.identity)) found.push(line);
  expect(found).toContainEqual(expect.objectContaining({ layer: 'egress', action: 'ready' }));
});

it('does not write what a sidecar says in the name of another layer', async () => {
  const { plan, backend } = await launched(['true'], { sidecar: 'impostor' });
  expect(await readFile(backend.configurations, 'utf8')).toContain('audit refused');
  for await (const line of readAudit(join(plan.botBottleHome, 'audit'), plan.identity)) {
    expect(line.action).not.toBe('ready');
  }
});

it('tells why a sidecar refused, with hostile text made visible', async () => {
  const { options } = await prepared(['true'], { sidecar: 'refuses' });
  const failure: unknown = await launchBottle(options).catch((error: unknown) => error);
  expect(failure).toMatchObject({
    code: 'sidecar_failed',
    hint: expect.stringContaining('starting as refuses'),
  });
  expect(String(failure)).toContain('routes[0] is \\u{1b}[31mwrong');
  expect(JSON.stringify(failure)).not.toContain('the-route-token');
});

it('fails the launch when a sidecar breaks the protocol', async () => {
  const { options, backend } = await prepared(['true'], { sidecar: 'garbage' });
  await expect(launchBottle(options)).rejects.toMatchObject({ code: 'sidecar_failed', exitCode: 125 });
  expect(await backend.sidecars[0]?.exited).toBeDefined();
});

it('pauses longer and longer before it starts one anew that keeps breaking the protocol', async () => {
  const { warnings } = await launched(['true'], { sidecar: 'lapses' });
  const pauses = (): number[] =>
    warnings.flatMap((text) => /ended \(SIGKILL\).* in (\d+) ms/.exec(text)?.[1] ?? []).map(Number);
  await expect.poll(() => pauses().length, { timeout: 15_000 }).toBeGreaterThanOrEqual(3);
  const [first = 0, , third = 0] = pauses();
  expect(third).toBeGreaterThan(first);
});

it('keeps what a sidecar prints in the log of the state', async () => {
  const { launched: bottle, plan } = await launched(['true'], {}, {}, true);
  await bottle.close();
  expect(await readFile(join(plan.stateDir, 'logs', 'egress.log'), 'utf8')).toContain(
    '[egress] starting as serves',
  );
});

it('keeps a log below twice its limit', async () => {
  const file = join(await tempDir(), 'logs', 'x.log');
  const log = new BoundedLog(file, 1000);
  for (let count = 0; count < 200; count += 1) log.line(`line ${count} ${'x'.repeat(20)}`);
  log.close();
  const sizes = await Promise.all([file, `${file}.1`].map(async (each) => (await readFile(each)).length));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
  expect(await readFile(file, 'utf8')).toContain('line 199');
});
