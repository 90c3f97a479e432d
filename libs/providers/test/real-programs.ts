import { existsSync, globSync } from 'node:fs';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');
const required = (process.env['BOT_BOTTLE_REQUIRE'] ?? '').split(',');

function programOf(name: string, override: string, pattern: string): string | undefined {
  const found = globSync(pattern, { cwd: root }).map((file) => resolve(root, file));
  const path = [process.env[override] ?? '', ...found].find((file) => file !== '' && existsSync(file));
  if (path === undefined && required.includes(name)) throw new Error(`${name} is required and not installed`);
  return path;
}

/** The real Claude Code; undefined where it is neither installed nor required. */
export const claudeProgram = programOf(
  'claude',
  'BOT_BOTTLE_CLAUDE',
  '.cache/programs/node_modules/.bin/claude',
);

/** The real Codex; undefined where it is neither installed nor required. */
export const codexProgram = programOf('codex', 'BOT_BOTTLE_CODEX', '.cache/programs/node_modules/.bin/codex');
