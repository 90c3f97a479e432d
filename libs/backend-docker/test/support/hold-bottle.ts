import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { BottleSpec } from '@bot-bottle/backend';

/**
 * A process of its own that holds a bottle, with a sidecar of each name in its spec.
 *
 * @param env more of its environment, e.g. DOCKER_HOST
 */
export async function holdBottle(
  spec: BottleSpec,
  baseImage: string,
  env: Readonly<Record<string, string>> = {},
): Promise<ChildProcess> {
  const driver = fileURLToPath(new URL('./holder.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    [
      '--conditions=@bot-bottle/source',
      '--disable-warning=ExperimentalWarning',
      driver,
      JSON.stringify(spec),
      baseImage,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } },
  );
  for await (const line of createInterface({ input: child.stdout })) if (line === 'up') return child;
  throw new Error('the holder did not come up');
}
