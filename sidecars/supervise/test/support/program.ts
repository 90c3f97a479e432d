import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { LauncherChannel } from '@bot-bottle/sidecar-protocol';
import type { SuperviseConfigInput } from '@bot-bottle/supervise';
import { expect, onTestFinished } from 'vitest';
import { bottle } from './owner.ts';
import type { Owner } from './owner.ts';

const built = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

export type LogLine = Readonly<Record<string, unknown>>;

export interface Program {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly lines: LogLine[];
  readonly exited: Promise<number | null>;
  /** waits for a record of the log */
  readonly logged: (event: string) => Promise<LogLine>;
}

/** Starts the built program with nothing in its environment but what is given. */
export function startProgram(env: NodeJS.ProcessEnv): Program {
  if (!existsSync(built)) throw new Error('the program is not built: nx build sidecar-supervise');
  const child = spawn(process.execPath, [built], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdin.on('error', () => undefined);
  const lines: LogLine[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => lines.push(JSON.parse(line) as LogLine));
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const find = (event: string): LogLine | undefined => lines.find((line) => line['event'] === event);
  const logged = async (event: string): Promise<LogLine> => {
    await expect.poll(() => find(event), { timeout: 10_000 }).toBeDefined();
    return find(event) ?? {};
  };
  return { child, lines, exited, logged };
}

export interface Launched extends Program {
  readonly launcher: LauncherChannel;
  readonly url: URL;
}

/** The built program under the owner of a bottle. */
export async function launchProgram(
  owner: Owner,
  config: Partial<SuperviseConfigInput> = {},
  secrets: Readonly<Record<string, string>> = {},
): Promise<Launched> {
  const program = startProgram({ BOT_BOTTLE_CONTROL: 'stdio' });
  const launcher = owner.connect(program.child.stdin, program.child.stdout);
  const { listening } = await launcher.configure({ bottle, listen: '127.0.0.1:0', ...config }, secrets);
  return { ...program, launcher, url: new URL(`http://${listening[0] ?? ''}/mcp`) };
}
