import { spawn } from 'node:child_process';

const LIMIT_MS = 60_000;

export interface TimedCommand {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** Milliseconds from start to end of one command that must succeed. Throws with what it said when it does not. */
export function timedRun({ argv: [file, ...args], env, cwd }: TimedCommand): Promise<number> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'], timeout: LIMIT_MS });
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => {
      if (complaint.length < 2000) complaint += chunk.toString('utf8');
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(performance.now() - began);
      else reject(new Error(`${file} ${args.join(' ')}: ${complaint.trim() || `exit code ${String(code)}`}`));
    });
  });
}

/** Medians of commands run in turn, so that what else the machine does hits all alike. */
export async function mediansInTurn(commands: readonly TimedCommand[], rounds: number): Promise<number[]> {
  const times: number[][] = commands.map(() => []);
  for (let round = 0; round < rounds; round += 1)
    for (const [index, command] of commands.entries()) times[index]?.push(await timedRun(command));
  return times.map(median);
}

/** The middle of some figures. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
