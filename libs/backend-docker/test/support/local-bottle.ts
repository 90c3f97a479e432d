import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  Backend,
  Bottle,
  BottleHost,
  BottleProcess,
  BottleSpec,
  OpenOptions,
} from '@bot-bottle/backend';
import { execInBottle, newIdentity, type ExecResult } from '@bot-bottle/backend';
import { createDockerBackend, type DockerOptions } from '@bot-bottle/backend-docker';
import type { TestEngine } from './engine.ts';

export interface LocalBottle {
  readonly backend: Backend;
  readonly bottle: Bottle;
  readonly host: BottleHost;
  readonly identity: string;
  readonly stateDir: string;
  run(...argv: string[]): Promise<ExecResult>;
  sh(script: string): Promise<ExecResult>;
  /** Runs a text as a module of Node.js. */
  node(program: string): Promise<string>;
  dispose(): Promise<readonly string[]>;
}

/** A spec of a bottle of its own, with a state folder. */
export function bottleSpec(spec: Partial<BottleSpec> = {}): BottleSpec {
  const stateDir = join(mkdtempSync(join(tmpdir(), 'bb-docker-')), 'state');
  mkdirSync(stateDir, { mode: 0o700 });
  return {
    identity: newIdentity('test'),
    stateDir,
    workdir: '/home/node',
    programs: [],
    programDirs: [],
    resources: { memory: null, cpus: null, pids: null, disk: null },
    sidecars: [],
    ...spec,
  };
}

export const backendOn = (
  { baseImage }: Pick<TestEngine, 'baseImage'>,
  options: DockerOptions = {},
): Backend => createDockerBackend({ baseImage, ...options });

/** A bottle held by the test itself. */
export async function localBottle(
  engine: TestEngine,
  given: Partial<BottleSpec> = {},
  options: DockerOptions = {},
  open: OpenOptions = {},
): Promise<LocalBottle> {
  const spec = bottleSpec(given);
  const backend = backendOn(engine, options);
  const host = await backend.open(spec, open);
  const dispose = async (): Promise<readonly string[]> => {
    const failures = await host.close();
    rmSync(join(spec.stateDir, '..'), { recursive: true, force: true });
    return failures;
  };
  try {
    const bottle = await host.startBottle();
    const run = (...argv: string[]): Promise<ExecResult> => execInBottle(bottle, argv);
    return {
      backend,
      bottle,
      host,
      identity: spec.identity,
      stateDir: spec.stateDir,
      run,
      sh: (script) => run('sh', '-c', script),
      node: async (program) => {
        const { stdout } = await execInBottle(bottle, ['node', '--input-type=module', '-'], {
          input: program,
        });
        return stdout.trim();
      },
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Everything a process writes, as text. */
export async function textOf(stream: BottleProcess['stdout']): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
