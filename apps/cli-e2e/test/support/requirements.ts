import { spawnSync } from 'node:child_process';

const required = new Set((process.env['BOT_BOTTLE_REQUIRE'] ?? '').split(',').filter((name) => name !== ''));

/**
 * Whether `program` answers. A missing one skips its tests with a reason, unless BOT_BOTTLE_REQUIRE names it: then
 * the run fails.
 */
export function has(name: string, program: string, args: readonly string[]): boolean {
  const found = spawnSync(program, args, { stdio: 'ignore', timeout: 20_000 }).status === 0;
  if (!found && required.has(name)) {
    throw new Error(
      `BOT_BOTTLE_REQUIRE names ${name}, but "${program} ${args.join(' ')}" does not work here`,
    );
  }
  if (!found) process.stderr.write(`skipped: tests that need ${name} ("${program}" does not work here)\n`);
  return found;
}
