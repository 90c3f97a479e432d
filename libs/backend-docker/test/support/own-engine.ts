import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Dockerode from 'dockerode';
import { connectEngine } from '../../src/engine/connect-engine.ts';
import type { TestEngine } from './engine.ts';
import { waitUntil } from './wait-until.ts';

export interface OwnEngineOptions {
  /** options of tmpfs(5) for a small disk that its volumes are on */
  readonly volumes?: string;
  /** whether its API also listens on every address of its own network, port 2375 */
  readonly tcp?: boolean;
}

/** An engine of the test's own beside the one that is here, so that it can be stopped and started. */
export class OwnEngine implements TestEngine {
  readonly folder: string;
  readonly docker: Dockerode;
  readonly baseImage: string;
  readonly #options: OwnEngineOptions;
  #process: ChildProcess | null = null;
  #log = '';

  private constructor(folder: string, docker: Dockerode, baseImage: string, options: OwnEngineOptions) {
    this.#options = options;
    this.folder = folder;
    this.docker = docker;
    this.baseImage = baseImage;
  }

  /** Why none can be made here, null when it can. */
  static missing(): string | null {
    if (process.getuid?.() !== 0) return 'only root can start a second engine';
    if (spawnSync('unshare', ['--net', 'true']).status !== 0) return 'a network namespace cannot be made';
    return spawnSync('dockerd', ['--version']).status === 0 ? null : 'dockerd is not installed';
  }

  static async start(
    { docker: from, baseImage }: TestEngine,
    options: OwnEngineOptions = {},
  ): Promise<OwnEngine> {
    const folder = mkdtempSync(join(tmpdir(), 'bb-engine-'));
    const { docker } = await connectEngine({ host: `unix://${folder}/engine.sock`, env: {} });
    const engine = new OwnEngine(folder, docker, baseImage, options);
    try {
      await engine.up();
      engine.#shrinkVolumes();
      const image = await from.getImage(baseImage).get();
      await new Promise((resolve, reject) => {
        docker.loadImage(image, {}, (error: Error | null, stream?: NodeJS.ReadableStream) => {
          if (error !== null || stream === undefined) return reject(error ?? new Error('not loaded'));
          stream.on('end', resolve).on('error', reject).resume();
        });
      });
      return engine;
    } catch (error) {
      await engine.remove();
      throw new Error(`the second engine does not work: ${engine.#log.slice(-2000)}`, { cause: error });
    }
  }

  get host(): string {
    return `unix://${this.folder}/engine.sock`;
  }

  /** While it runs: an engine mounts its folder over itself, and sees what is mounted in there from then on only. */
  #shrinkVolumes(): void {
    if (this.#options.volumes === undefined) return;
    const folder = join(this.folder, 'data/volumes');
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', this.#options.volumes, 'tmpfs', folder]);
    if (mounted.status !== 0) throw new Error(`no small disk: ${mounted.stderr.toString()}`);
  }

  /** Runs a program of this host in the engine's network. */
  inNetwork(...command: readonly string[]): ChildProcess {
    const { pid } = this.#process ?? {};
    if (pid === undefined) throw new Error('the engine does not run');
    return spawn('nsenter', [`--target=${pid}`, '--net', '--', ...command], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }

  async up(): Promise<void> {
    const at = (name: string): string => join(this.folder, name);
    const args = [
      ['--data-root', at('data'), '--exec-root', at('exec'), '--pidfile', at('pid'), '--host', this.host],
      this.#options.tcp === true ? ['--host', 'tcp://0.0.0.0:2375'] : [],
      ['--bridge', 'none', '--storage-driver', 'overlay2', '--log-level', 'warn'],
    ];
    // In a network of its own: an engine takes bridges and firewall rules of the host for its own, and removes them.
    const command = ['--net', '--', 'dockerd', ...args.flat()];
    const child = spawn('unshare', command, { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.on('data', (chunk: Buffer) => (this.#log = (this.#log + chunk.toString()).slice(-8000)));
    this.#process = child;
    await waitUntil(async () => {
      if (child.exitCode !== null) throw new Error(this.#log.slice(-2000));
      return await this.docker.ping().then(
        () => true,
        () => false,
      );
    }, 40_000);
  }

  /** SIGKILL is a crash: what it runs stays behind until it comes back. */
  async down(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
    if (signal === 'SIGKILL') await this.#killContainerd();
  }

  /** Its own, not that of the engine that is here. */
  async #killContainerd(): Promise<void> {
    const file = join(this.folder, 'exec/containerd/containerd.pid');
    const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
    const isRunning = (): boolean =>
      pid > 0 &&
      existsSync(`/proc/${pid}/cmdline`) &&
      readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(this.folder);
    if (isRunning()) process.kill(pid, 'SIGKILL');
    await waitUntil(() => !isRunning());
    rmSync(file, { force: true });
  }

  async remove(): Promise<void> {
    await this.down('SIGTERM');
    await this.#killContainerd();
    spawnSync('sh', [
      '-c',
      'grep -F " $1/" /proc/self/mountinfo | cut -d" " -f5 | sort -r | xargs -r umount -l',
      'sh',
      this.folder,
    ]);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
