import { globSync } from 'node:fs';
import path from 'node:path';
import { reachableFolder } from './installation.ts';
import { has } from './requirements.ts';

// The program itself, not the script that starts it: that finds nothing once it is copied.
const [installed] = globSync('.cache/programs/node_modules/@openai/codex-linux-*/vendor/*/bin/codex', {
  cwd: path.resolve(import.meta.dirname, '../../../..'),
}).map((file) => path.resolve(import.meta.dirname, '../../../..', file));

/** Whether the real Codex CLI is here; a missing one skips its tests with the reason. */
export const hasCodex = has('codex', installed ?? 'codex', ['--version']);

/** PATH on which every operator finds it. */
export function codexPath(): string {
  return installed === undefined
    ? (process.env['PATH'] ?? '')
    : `${reachableFolder(installed)}:/usr/bin:/bin`;
}
