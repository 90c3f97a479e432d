import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { checkMachine, type Check } from '../src/doctor/check-machine.ts';

async function lineOf(version: string | null): Promise<Check | undefined> {
  const home = mkdtempSync(join(tmpdir(), 'bb-doctor-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const program = join(home, 'my-pipelock');
  if (version !== null)
    writeFileSync(program, `#!/bin/sh\necho "pipelock version ${version}"\necho "  build date: x"\n`);
  if (version !== null) chmodSync(program, 0o755);
  const env = { PATH: '/usr/bin:/bin', HOME: home, BOT_BOTTLE_PIPELOCK: program };
  return (await checkMachine({ env })).find(({ name }) => name === 'pipelock');
}

it('a pipelock that can be the guard is told, with its version', async () => {
  const line = await lineOf('2.3.0');
  expect(line).toMatchObject({ status: 'ok', remedy: null });
  expect(line?.detail).toContain('pipelock version 2.3.0');
});

it('one that is too old is told to be, and for what it would be needed', async () => {
  const line = await lineOf('1.0.0');
  expect(line?.status).toBe('optional');
  expect(line?.remedy).toBe(
    'pipelock 1.0.0 is too old: at least 2.3.0 is needed: only for egress.guard: pipelock',
  );
});

it('none is no problem until a bottle asks for it', async () => {
  const line = await lineOf(null);
  expect(line).toMatchObject({ status: 'optional', detail: 'not installed' });
  expect(line?.remedy).toContain('only for egress.guard: pipelock: install pipelock');
});
