import { out, ran } from './program.ts';
import type { Scene } from './scene.ts';

/** Waits until the health check of a container's image says what is wanted. */
export async function turnsHealthy(scene: Scene, container: string): Promise<void> {
  const state = ['inspect', '--format', '{{.State.Health.Status}} {{.State.Running}}', container];
  await scene.until(
    async () => (await out('docker', state)) === 'healthy true',
    () => logs(container),
  );
}

/** What a container printed, on either stream. */
export async function logs(container: string): Promise<string> {
  const { stdout, stderr } = await ran('docker', ['logs', container]);
  return stdout + stderr;
}

/** Ends a container as an operator does; its exit code and the milliseconds that it took. */
export async function stops(container: string): Promise<{ code: number; ms: number }> {
  const start = performance.now();
  await out('docker', ['stop', '--time', '20', container]);
  const ms = performance.now() - start;
  const code = Number(await out('docker', ['inspect', '--format', '{{.State.ExitCode}}', container]));
  return { code, ms };
}

/** Everything that the engine tells of a container and of its image. */
export async function told(container: string): Promise<string> {
  const image = await out('docker', ['inspect', '--format', '{{.Image}}', container]);
  const parts = [
    ['inspect', container],
    ['image', 'inspect', image],
    ['history', '--no-trunc', image],
    ['top', container, '-eo', 'pid,args'],
    ['logs', container],
  ].map((args) => ran('docker', args));
  return (await Promise.all(parts)).map(({ stdout, stderr }) => stdout + stderr).join('\n');
}
