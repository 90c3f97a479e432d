import { mkdtempSync, chmodSync, mkdirSync, existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bottle, BottleHost, BottleProcess, BottleSpec } from '@bot-bottle/backend';
import { createBubblewrapBackend } from '@bot-bottle/backend-bubblewrap';

export interface LocalBottle {
  readonly bottle: Bottle;
  readonly host: BottleHost;
  readonly folder: string;
  dispose(): Promise<void>;
}

/** A bottle held by the test itself. */
export async function localBottle(spec: Partial<BottleSpec> = {}): Promise<LocalBottle> {
  const folder = mkdtempSync(join(tmpdir(), 'bb-local-'));
  chmodSync(folder, 0o711);
  const stateDir = join(folder, 'state');
  mkdirSync(stateDir, { mode: 0o700 });
  const cacheDir = join(tmpdir(), `bot-bottle-test-cache-${process.getuid?.() ?? 0}`);
  if (!existsSync(cacheDir)) mkdirSync(cacheDir, { mode: 0o755 });
  const backend = createBubblewrapBackend({
    runtimeDir: join(folder, 'run'),
    cacheDir,
    homesDir: join(folder, 'homes'),
  });
  const host = await backend.open({
    identity: 'local-abcde',
    stateDir,
    workdir: '/home/node',
    programs: [],
    programDirs: [],
    resources: { memory: null, cpus: null, pids: null, disk: null },
    sidecars: [],
    ...spec,
  });
  const dispose = async () => {
    await host.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    return { bottle: await host.startBottle(), host, folder, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Everything a process writes, as text. */
export async function textOf(stream: BottleProcess['stdout']): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
