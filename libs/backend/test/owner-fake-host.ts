import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { BackendError } from '../src/index.ts';
import type { Backend, Bottle, BottleHost, ExitStatus, SidecarProcess } from '../src/index.ts';
import { localBottle } from './local-bottle.ts';

export type SidecarMode = 'serves' | 'silent' | 'garbage' | 'refuses' | 'impostor' | 'lapses' | 'asks';

export interface FakeBackend extends Backend {
  /** what was done, in order */
  readonly calls: string[];
  /** file that the sidecars note their configurations in */
  readonly configurations: string;
  readonly sidecars: SidecarProcess[];
}

export interface FakeOptions {
  readonly sidecar?: SidecarMode;
  /** step that fails */
  readonly failing?: 'open' | 'bottle' | 'selfCheck' | 'close';
}

/** A backend without isolation whose sidecars and programs are real processes of this machine. */
export function fakeBackend(folder: string, options: FakeOptions = {}): FakeBackend {
  const calls: string[] = [];
  const sidecars: SidecarProcess[] = [];
  const configurations = join(folder, 'configurations.jsonl');
  const step = (name: FakeOptions['failing']): void => {
    calls.push(String(name));
    if (options.failing === name) throw new BackendError('launch_failed', `${String(name)} fails`);
  };
  const startSidecar = (): SidecarProcess => {
    const script = join(import.meta.dirname, 'owner-fake-sidecar.ts');
    const args = ['--conditions=@bot-bottle/source', script, options.sidecar ?? 'serves', configurations];
    const child = spawn(process.execPath, args, { stdio: 'pipe', env: {} });
    const exited = new Promise<ExitStatus>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    const { stdin, stdout, stderr, pid = null } = child;
    return { stdin, stdout, stderr, pid, exited, kill: (signal) => void child.kill(signal) };
  };
  const open = async (): Promise<BottleHost> => {
    step('open');
    return {
      listenAddress: () => 'unix:/run/none.sock',
      startSidecar: async () => {
        calls.push('sidecar');
        const sidecar = startSidecar();
        sidecars.push(sidecar);
        return sidecar;
      },
      startBottle: async () => {
        step('bottle');
        return endable(await localBottle(folder), calls);
      },
      selfCheck: async () => step('selfCheck'),
      pids: () => [],
      close: async () => {
        for (const sidecar of sidecars) sidecar.kill('SIGKILL');
        step('close');
        return ['a mount stayed'];
      },
    };
  };
  return {
    name: 'bubblewrap',
    capabilities: { rootExec: false, rebuild: false, gvisor: false, resourceLimits: [] },
    probe: async () => ({ available: true, detail: 'fake' }),
    open,
    leftovers: async () => [],
    calls,
    sidecars,
    configurations,
  };
}

function endable(local: Bottle, calls: string[]): Bottle {
  const ended = Promise.withResolvers<void>();
  return {
    ...local,
    exited: ended.promise,
    spawn: async (argv, options) => {
      if (argv[0] === 'no-such-program') throw new BackendError('exec_failed', 'no-such-program: not found');
      return await local.spawn(argv, options);
    },
    close: async () => {
      calls.push('bottle.close');
      await local.close();
      ended.resolve();
    },
  };
}
