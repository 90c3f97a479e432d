import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from '../cli-error.ts';

/** The built program of the demo's agent, whole: beside this file when built, else in the package's `dist`. */
export async function agentProgram(): Promise<string> {
  for (const folder of ['.', '../../dist']) {
    const found = await readFile(join(import.meta.dirname, folder, 'demo-agent.js'), 'utf8').catch(
      () => null,
    );
    if (found !== null) return found;
  }
  throw new CliError('failed', "the demo's agent is not built", { hint: 'npm run build' });
}
