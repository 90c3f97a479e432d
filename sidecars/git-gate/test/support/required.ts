import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const required = new Set((process.env['BOT_BOTTLE_REQUIRE'] ?? '').split(',').filter((name) => name !== ''));

const besides: Readonly<Record<string, readonly string[]>> = {
  sshd: ['/usr/sbin', '/usr/local/sbin'],
  gitleaks: [join(import.meta.dirname, '../../../../.cache/programs/bin')],
};

/**
 * Absolute path of a program, null when the machine lacks it: its tests are then skipped, and the reason is printed.
 *
 * @throws when BOT_BOTTLE_REQUIRE names it
 */
export function findProgram(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...(besides[name] ?? [])];
  for (const folder of folders.filter((path) => path.startsWith('/'))) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  }
  if (required.has(name)) throw new Error(`BOT_BOTTLE_REQUIRE names ${name}, and it is not installed`);
  process.stderr.write(`skipped: tests that need ${name}, which is not installed\n`);
  return null;
}
