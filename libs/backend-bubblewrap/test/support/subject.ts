import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { asUser } from './as-user.ts';

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const isRoot = process.getuid?.() === 0;

/** Who starts the bottle. Without root only the caller's own user can be tried. */
export const users: ReadonlyArray<{ readonly name: string; readonly uid: number | null }> = isRoot
  ? [
      { name: 'root', uid: null },
      { name: 'an ordinary user', uid: 1500 },
    ]
  : [{ name: 'an ordinary user', uid: null }];

/** A process that holds one bottle, as the given user with a home of its own. */
export class Subject {
  readonly folder: string;
  readonly home: string;
  readonly stateDir: string;
  readonly runtimeDir: string;
  readonly process: ChildProcess;
  readonly identity: string;
  readonly options: { runtimeDir: string; cacheDir: string; homesDir: string };
  readonly #gone: Promise<unknown>;
  readonly #waiting = new Map<number, (answer: { result?: unknown; error?: string }) => void>();
  #next = 1;
  #log = '';

  constructor(user: { readonly uid: number | null }, identity = 'subject-abcde') {
    this.identity = identity;
    const id = user.uid ?? process.getuid?.() ?? 0;
    this.folder = mkdtempSync(join(tmpdir(), 'bb-'));
    this.home = join(this.folder, 'home');
    this.runtimeDir = join(this.folder, 'run');
    this.stateDir = join(this.home, '.bot-bottle', 'state', identity);
    mkdirSync(this.stateDir, { recursive: true, mode: 0o700 });
    mkdirSync(this.runtimeDir, { mode: 0o700 });
    // copies of Node are large: kept between runs
    const cacheDir = join(tmpdir(), `bot-bottle-test-cache-${id}`);
    if (!existsSync(cacheDir)) mkdirSync(cacheDir, { mode: 0o755 });
    for (const path of [
      this.home,
      join(this.home, '.bot-bottle'),
      join(this.home, '.bot-bottle', 'state'),
      this.stateDir,
      this.runtimeDir,
      cacheDir,
    ])
      if (user.uid !== null) chownSync(path, id, id);
    chmodSync(this.folder, 0o711);
    if (id === 0) chmodSync(this.runtimeDir, 0o711);
    this.options = { runtimeDir: this.runtimeDir, cacheDir, homesDir: join(this.folder, 'homes') };
    const driver = fileURLToPath(new URL('./driver.ts', import.meta.url));
    const flags = ['--conditions=@bot-bottle/source', '--disable-warning=ExperimentalWarning'];
    const { file, args, ...as } =
      user.uid === null
        ? { file: process.execPath, args: [...flags, driver] }
        : asUser(user.uid, [process.execPath, ...flags, driver], this.folder);
    this.process = spawn(file, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { HOME: this.home, PATH: '/usr/local/bin:/usr/bin:/bin', HOST_ONLY: 'host-secret-value' },
      ...as,
    });
    this.process.once('error', (error) => {
      for (const settle of this.#waiting.values())
        settle({ error: `the driver did not start: ${error.message}` });
    });
    this.#gone = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.stdin?.on('error', () => {});
    this.process.stderr?.on('data', (chunk: Buffer) => (this.#log += chunk.toString()));
    if (this.process.stdout !== null)
      createInterface({ input: this.process.stdout }).on('line', (line) => {
        const answer = JSON.parse(line) as { id: number; result?: unknown; error?: string };
        this.#waiting.get(answer.id)?.(answer);
      });
    this.process.once('exit', () => {
      for (const settle of this.#waiting.values()) settle({ error: `the driver ended: ${this.#log}` });
    });
  }

  async ask<T>(op: string, fields: Readonly<Record<string, unknown>> = {}): Promise<T> {
    const id = this.#next;
    this.#next += 1;
    const answer = await new Promise<{ result?: unknown; error?: string }>((resolve) => {
      this.#waiting.set(id, resolve);
      this.process.stdin?.write(`${JSON.stringify({ id, op, options: this.options, ...fields })}\n`);
    });
    this.#waiting.delete(id);
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer.result as T;
  }

  open(spec: Readonly<Record<string, unknown>> = {}, sidecarsOnly = false): Promise<number> {
    const full = {
      identity: this.identity,
      stateDir: this.stateDir,
      workdir: '/home/node',
      programs: [],
      programDirs: [],
      resources: { memory: null, cpus: null, pids: null, disk: null },
      sidecars: ['egress'],
      ...spec,
    };
    return this.ask('open', { spec: full, sidecarsOnly });
  }

  exec(...argv: string[]): Promise<Result> {
    return this.ask('exec', { argv });
  }

  sh(script: string): Promise<Result> {
    return this.exec('sh', '-c', script);
  }

  pids(): Promise<number[]> {
    return this.ask('pids');
  }

  /** Ends it, whatever state it is in. */
  async dispose(): Promise<void> {
    await Promise.race([this.ask('close').catch(() => {}), this.#gone]);
    this.process.stdin?.end();
    await this.#gone;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
