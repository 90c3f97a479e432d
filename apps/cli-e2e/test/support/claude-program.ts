import { existsSync } from 'node:fs';
import path from 'node:path';
import { reachableFolder } from './installation.ts';
import { has } from './requirements.ts';

const installed = path.resolve(import.meta.dirname, '../../../../.cache/programs/node_modules/.bin/claude');

/** Whether the real Claude Code CLI is here; a missing one skips its tests with the reason. */
export const hasClaude = has('claude', existsSync(installed) ? installed : 'claude', ['--version']);

/** PATH on which every operator finds it. */
export function claudePath(): string {
  return existsSync(installed) ? `${reachableFolder(installed)}:/usr/bin:/bin` : (process.env['PATH'] ?? '');
}
