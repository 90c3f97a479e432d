import { BackendError, type Bottle, type BottleProcess, type SpawnOptions } from '@bot-bottle/backend';
import type { SandboxProcess } from './bwrap/sandbox-process.ts';
import { InitChannel } from './channel/init-channel.ts';
import { guestHome, programsDir } from './guest-layout.ts';

const READY_LIMIT_MS = 20_000;

const systemPath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** A running sandbox and the channel to its init. */
export class BubblewrapBottle implements Bottle {
  readonly identity: string;
  readonly exited: Promise<void>;
  readonly pathEntries: readonly string[] = [programsDir];
  /** @internal */
  readonly channel: InitChannel;
  readonly #sandbox: SandboxProcess;
  readonly #workdir: string;

  private constructor(
    sandbox: SandboxProcess,
    channel: InitChannel,
    names: { identity: string; workdir: string },
  ) {
    this.#sandbox = sandbox;
    this.channel = channel;
    this.identity = names.identity;
    this.#workdir = names.workdir;
    this.exited = sandbox.exited.then(() => sandbox.destroy());
    this.exited.catch(() => {});
  }

  /** @throws BackendError `launch_failed` */
  static async start(
    sandbox: SandboxProcess,
    names: { identity: string; workdir: string },
  ): Promise<BubblewrapBottle> {
    if (sandbox.channel === null) throw new BackendError('launch_failed', 'the sandbox has no channel');
    let complaint = '';
    sandbox.stderr.on('data', (chunk: Buffer) => {
      if (complaint.length < 4096) complaint += chunk.toString('utf8');
    });
    const channel = new InitChannel(sandbox.channel, () => void sandbox.destroy().catch(() => {}));
    const timer = setTimeout(() => void sandbox.destroy().catch(() => {}), READY_LIMIT_MS);
    try {
      await channel.ready;
    } catch {
      await sandbox.destroy();
      throw new BackendError(
        'launch_failed',
        `the bottle did not start: ${complaint.trim() || 'no reason given'}`,
      );
    } finally {
      clearTimeout(timer);
    }
    return new BubblewrapBottle(sandbox, channel, names);
  }

  async spawn(argv: readonly string[], options: SpawnOptions = {}): Promise<BottleProcess> {
    const tty = options.tty ?? null;
    const texts = [...argv, ...Object.entries(options.env ?? {}).flat()];
    if (argv.length === 0 || argv[0] === '' || texts.some((text) => text.includes('\0')))
      throw new BackendError(
        'exec_failed',
        'a command needs a name, and no text in it may contain a zero byte',
      );
    return await this.channel.start({
      argv,
      env: { ...baseEnvironment(tty !== null), ...options.env },
      cwd: options.cwd ?? this.#workdir,
      tty,
    });
  }

  close(): Promise<void> {
    return this.#sandbox.destroy();
  }
}

function baseEnvironment(terminal: boolean): Record<string, string> {
  return {
    HOME: guestHome,
    USER: 'node',
    LOGNAME: 'node',
    SHELL: '/bin/bash',
    LANG: 'C.UTF-8',
    PATH: [programsDir, ...systemPath].join(':'),
    ...(terminal ? { TERM: 'xterm-256color' } : {}),
  };
}
