import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { LauncherChannel } from '@bot-bottle/sidecar-protocol';
import { gateInput } from './gate.ts';
import type { GateOptions } from './gate.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** The gate as the launcher starts it: a process of its own. */
export interface GateProcess {
  readonly pid: number;
  readonly events: unknown[];
  readonly url: (name: string) => string;
  /** Most memory that the process has had, in bytes (proc(5), VmHWM). */
  readonly peak: () => Promise<number>;
  readonly close: () => Promise<void>;
}

export async function startGateProcess(options: GateOptions): Promise<GateProcess> {
  const folder = await mkdtemp('/tmp/git-gate-process-');
  const child = spawn(process.execPath, ['--conditions=@bot-bottle/source', program], {
    env: { BOT_BOTTLE_CONTROL: 'stdio' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  const said: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  const events: unknown[] = [];
  const channel = new LauncherChannel({
    stdin: child.stdin,
    stdout: child.stdout,
    onAudit: async (batch) => void events.push(...batch),
  });
  const close = async (): Promise<void> => {
    child.stdin.end();
    const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
    await exited;
    clearTimeout(timer);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const { config, secrets } = gateInput(options, folder);
    const { listening } = await channel.configure(config, secrets, { timeoutMs: 20_000 });
    const [address = ''] = listening;
    const pid = child.pid ?? 0;
    return {
      pid,
      events,
      url: (name) => `http://${address}/${name}.git`,
      peak: async () => {
        const status = await readFile(`/proc/${pid}/status`, 'utf8');
        return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
      },
      close,
    };
  } catch (error) {
    await close();
    throw new Error(`the gate does not start: ${said.join('')}`, { cause: error });
  }
}
