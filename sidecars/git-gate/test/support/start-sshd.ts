import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface StartSshdOptions {
  readonly program: string;
  readonly folder: string;
  readonly config: readonly string[];
  /** null: any free port */
  readonly port: number | null;
  /** gets every line of the server */
  readonly log: string[];
}

export interface RunningSshd {
  readonly port: number;
  /** Ends the listener and every session that it started. */
  readonly stop: () => Promise<void>;
}

const ATTEMPTS = 5;

/** Starts sshd in the foreground; a port that somebody else took meanwhile is replaced by another one. */
export async function startSshd(options: StartSshdOptions): Promise<RunningSshd> {
  // sshd(8): a root server needs its privilege separation folder
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  // newer servers shut out whoever fails to log in, older ones do not know the option
  let extra = ['PerSourcePenalties no'];
  let last = '';
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = options.port ?? (await freePort());
    const file = join(options.folder, 'sshd_config');
    await writeFile(file, [...options.config, ...extra, `Port ${port}`, ''].join('\n'));
    const started = await attemptStart(options, file, port);
    if (typeof started !== 'string') return started;
    last = started;
    if (last.includes('PerSourcePenalties')) extra = [];
  }
  throw new Error(`sshd does not start: ${last}`);
}

async function attemptStart(
  options: StartSshdOptions,
  file: string,
  port: number,
): Promise<RunningSshd | string> {
  const child = spawn(options.program, ['-D', '-e', '-f', file], {
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  const lines: string[] = [];
  const listening = new Promise<boolean>((resolve) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line);
      options.log.push(line);
      if (line.startsWith('Server listening on ')) resolve(true);
    });
    child.once('exit', () => resolve(false));
    child.once('error', () => resolve(false));
  });
  if (!(await listening)) return lines.join('; ');
  return {
    port,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      for (const session of await descendants(child.pid ?? 0)) killQuietly(session);
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Sessions put themselves into sessions of their own, so that a group does not hold them. */
async function descendants(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const direct = children
    .split(' ')
    .filter((text) => text !== '')
    .map(Number);
  const below = await Promise.all(direct.map(descendants));
  return [...direct, ...below.flat()];
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it ended meanwhile
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
