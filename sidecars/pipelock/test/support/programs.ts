import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pipelockProgram } from '@bot-bottle/pipelock';

export const folder = mkdtempSync(join(tmpdir(), 'bb-pipelock-'));
export const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });

const built = (file: string): string => {
  const path = fileURLToPath(new URL(`../../dist/${file}`, import.meta.url));
  if (!existsSync(path)) throw new Error(`${file} is not built: nx build sidecar-pipelock`);
  return path;
};

/** The sidecar's program. */
export const sidecarMain = (): string => built('main.js');

/** An executable with this text. */
export function executable(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

const standIn = executable(
  'pipelock',
  `#!${process.execPath}\n${readFileSync(built('testing/main.js'), 'utf8')}`,
);

const required = (process.env['BOT_BOTTLE_REQUIRE'] ?? '').split(',').includes('pipelock');

/** The pipelock of this machine, null when there is none; then BOT_BOTTLE_REQUIRE may make that an error. */
function installed(): string | null {
  const program = pipelockProgram(process.env);
  const which = spawnSync('/bin/sh', ['-c', 'command -v -- "$0"', program], { encoding: 'utf8' });
  const path = which.stdout.trim();
  if (which.status === 0 && path !== '') return path;
  if (required) throw new Error(`BOT_BOTTLE_REQUIRE names pipelock, but ${program} is not found`);
  process.stderr.write(`skipped: tests against the real pipelock (${program} is not found)\n`);
  return null;
}

const real = installed();

/** What the same tests are run against: the stand-in always, pipelock itself where it is. */
export const programs: ReadonlyArray<{ readonly name: string; readonly path: string }> = [
  { name: 'the stand-in', path: standIn },
  ...(real === null ? [] : [{ name: 'pipelock', path: real }]),
];
