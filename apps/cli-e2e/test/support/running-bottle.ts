import type { ChildProcess } from 'node:child_process';
import { eventually } from './eventually.ts';
import type { World } from './world.ts';

/** The identity of the only bottle of this world once its program runs; fails when the launcher ends before. */
export function runningBottle(world: World, launcher: ChildProcess): Promise<string> {
  let said = '';
  launcher.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return eventually('the bottle runs', async () => {
    const { stdout } = await world.cli(['list', 'active', '--json']);
    if (launcher.exitCode !== null) throw new Error(`the launcher ended: ${said}`);
    const listed = JSON.parse(stdout) as Array<{ identity: string; state: string }>;
    return listed.find(({ state }) => state === 'running')?.identity;
  });
}
