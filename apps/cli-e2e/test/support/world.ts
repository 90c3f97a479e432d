import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { installation, removeInstallation, type Installation } from './installation.ts';
import type { Operator } from './operators.ts';

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly cwd?: string;
  /** what starts the CLI, and makes itself the operator's user; default nothing, the tests do that */
  readonly through?: readonly string[];
  /** milliseconds after which the CLI is killed and the test fails */
  readonly timeoutMs?: number;
}

let worlds = 0;

/** A home folder, manifests and the installed CLI, all of one operator, gone after the test. */
export class World {
  readonly dir: string;
  readonly home: string;
  readonly operator: Operator;
  readonly #children = new Set<ChildProcess>();
  readonly #installed: () => Installation;

  /** @param installed what is run; default the build as it is */
  constructor(operator: Operator, installed?: Installation) {
    worlds += 1;
    this.operator = operator;
    this.#installed = () => installed ?? installation();
    this.dir = mkdtempSync(path.join(tmpdir(), 'bb-world-'));
    chmodSync(this.dir, 0o755);
    this.home = path.join(this.dir, 'home');
    for (const folder of ['', '.bot-bottle', '.bot-bottle/bottles', '.bot-bottle/agents']) {
      this.#makeFolder(path.join(this.home, folder));
    }
  }

  get botBottleHome(): string {
    return path.join(this.home, '.bot-bottle');
  }

  /** Writes a file below `~/.bot-bottle`, owned by the operator. */
  write(relative: string, text: string): string {
    const file = path.join(this.botBottleHome, relative);
    this.#makeFolder(path.dirname(file));
    writeFileSync(file, text, { mode: 0o600 });
    chownSync(file, this.operator.uid, this.operator.uid);
    return file;
  }

  bottle(name: string, frontMatter: string): void {
    this.write(`bottles/${name}.md`, `---\n${frontMatter}\n---\n`);
  }

  agent(name: string, bottle: string, prompt = ''): void {
    this.write(`agents/${name}.md`, `---\nbottle: ${bottle}\n---\n${prompt}\n`);
  }

  /** Starts the CLI and returns the live process. */
  start(args: readonly string[], options: CliOptions = {}): ChildProcess {
    return this.#spawn(this.#installed().node, [this.#installed().bin, ...args], options);
  }

  #spawn(file: string, args: readonly string[], options: CliOptions): ChildProcess {
    const [first = file, ...rest] = [...(options.through ?? []), file, ...args];
    const isThrough = first !== file;
    const child = spawn(first, rest, {
      cwd: options.cwd ?? this.home,
      env: this.#environment(options.env),
      ...(isThrough ? {} : { uid: this.operator.uid, gid: this.operator.uid }),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  /**
   * Starts the CLI on a terminal of its own (util-linux `script`); what is typed goes to stdin.
   *
   * @param next shell text that runs on the same terminal afterwards
   */
  startOnTerminal(args: readonly string[], next = ''): ChildProcess {
    const { node, bin } = this.#installed();
    const words = [node, bin, ...args].map((word) => `'${word}'`).join(' ');
    const command = next === '' ? words : `${words}; ${next}`;
    return this.#spawn('script', ['-q', '-e', '-f', '-E', 'always', '-c', command, '/dev/null'], {});
  }

  /** Runs the CLI to its end. */
  async cli(args: readonly string[], options: CliOptions = {}): Promise<Outcome> {
    const child = this.start(args, options);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input ?? '');
    const limit = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 60_000);
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exitCode, exitSignal) => resolve([exitCode, exitSignal]));
    });
    clearTimeout(limit);
    return {
      code,
      signal,
      stdout: Buffer.concat(stdout).toString(),
      stderr: Buffer.concat(stderr).toString(),
    };
  }

  /** Runs a shell script in a new bottle of `agent`. */
  async run(agent: string, script: string, options: CliOptions = {}): Promise<Outcome> {
    return this.cli(['run', agent, '--backend', 'bubblewrap', '--yes', '--', 'bash', '-c', script], options);
  }

  #environment(extra: CliOptions['env'] = {}): Record<string, string> {
    const bin = path.dirname(this.#installed().node);
    return {
      PATH: `${bin}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`,
      HOME: this.home,
      LANG: 'C.UTF-8',
      ...extra,
    };
  }

  #makeFolder(folder: string): void {
    if (existsSync(folder)) return;
    this.#makeFolder(path.dirname(folder));
    mkdirSync(folder, { mode: 0o700 });
    chownSync(folder, this.operator.uid, this.operator.uid);
  }

  async close(): Promise<void> {
    const running = [...this.#children];
    await Promise.all(
      running.map(async (child) => {
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        await gone;
      }),
    );
    rmSync(this.dir, { recursive: true, force: true });
    worlds -= 1;
    if (worlds === 0) removeInstallation();
  }
}
