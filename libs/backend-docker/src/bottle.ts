import {
  BackendError,
  guestHome,
  type Bottle,
  type BottleProcess,
  type SpawnOptions,
} from '@bot-bottle/backend';
import type { ExecPlace } from './exec/start-process.ts';
import { startProcess } from './exec/start-process.ts';

const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A running container and its processes. */
export class DockerBottle implements Bottle {
  readonly identity: string;
  readonly exited: Promise<void>;
  readonly #place: ExecPlace;
  readonly #workdir: string;
  readonly #end: () => Promise<void>;

  /** @param end ends the container and waits until nothing of it runs */
  constructor(
    place: ExecPlace,
    names: { readonly identity: string; readonly workdir: string },
    end: () => Promise<void>,
  ) {
    this.#place = place;
    this.identity = names.identity;
    this.#workdir = names.workdir;
    this.#end = end;
    this.exited = place.ended.then(() => undefined);
  }

  async spawn(argv: readonly string[], options: SpawnOptions = {}): Promise<BottleProcess> {
    const tty = options.tty ?? null;
    const texts = [...argv, ...Object.entries(options.env ?? {}).flat()];
    if (argv.length === 0 || argv[0] === '' || texts.some((text) => text.includes('\0')))
      throw new BackendError(
        'exec_failed',
        'a command needs a name, and no text in it may contain a zero byte',
      );
    return await startProcess(this.#place, {
      argv,
      env: { ...baseEnvironment(tty !== null), ...options.env },
      cwd: options.cwd ?? this.#workdir,
      tty,
    });
  }

  close(): Promise<void> {
    return this.#end();
  }
}

function baseEnvironment(terminal: boolean): Record<string, string> {
  return {
    HOME: guestHome,
    USER: 'node',
    LOGNAME: 'node',
    SHELL: '/bin/bash',
    LANG: 'C.UTF-8',
    PATH: systemPath,
    ...(terminal ? { TERM: 'xterm-256color' } : {}),
  };
}
