import { readdir, readFile } from 'node:fs/promises';
import { onTestFinished } from 'vitest';
import { createSupervisor, spawnChild } from '@bot-bottle/sidecar-supervisor';
import type {
  Child,
  ChildSpec,
  ExitReport,
  Supervisor,
  SupervisorOptions,
} from '@bot-bottle/sidecar-supervisor';

export interface Watched {
  readonly supervisor: Supervisor;
  readonly lines: string[];
  readonly exits: ExitReport[];
  readonly restarts: string[];
}

export const quick = { initialMs: 10, maxMs: 40 } as const;

/** A supervisor whose children are gone when the test is over. */
export function watched(children: readonly ChildSpec[], options: Partial<SupervisorOptions> = {}): Watched {
  const lines: string[] = [];
  const exits: ExitReport[] = [];
  const restarts: string[] = [];
  const supervisor = createSupervisor({
    children,
    output: (line) => void lines.push(line),
    backoff: quick,
    graceMs: 500,
    onExit: (report) => void exits.push(report),
    onRestart: (name) => void restarts.push(name),
    ...options,
  });
  onTestFinished(async () => void (await supervisor.shutdown()));
  return { supervisor, lines, exits, restarts };
}

/** A child that runs a piece of JavaScript. */
export function script(
  name: string,
  source: string,
  env: Record<string, string> = {},
): ChildSpec & { lives: Child[] } {
  const lives: Child[] = [];
  return {
    name,
    lives,
    start: async () => {
      const child = await spawnChild([process.execPath, '-e', source], { env });
      lives.push(child);
      return child;
    },
  };
}

export const stays = 'setInterval(() => {}, 60000); console.log("up")';

export async function isRunning(pid: number | null | undefined): Promise<boolean> {
  if (pid === null || pid === undefined) return false;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) Z /.test(stat);
}

export async function openDescriptors(pid: number | 'self' = 'self'): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}
