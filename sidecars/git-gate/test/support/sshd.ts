import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { bareRepoMaker, gitAt } from './bare-repo.ts';
import type { BareRepoOptions } from './bare-repo.ts';
import { findProgram } from './required.ts';
import { output } from './run-program.ts';
import { sshdConfig, wrapper } from './sshd-config.ts';
import { startSshd } from './start-sshd.ts';

/** Absolute path of the real sshd, null when it is not installed: `describe.skipIf(sshd === null)`. */
export const sshd = findProgram('sshd');

export interface UpstreamOptions {
  /** whether the server takes GIT_PROTOCOL, as forges do; default true */
  readonly acceptProtocol?: boolean;
  /** offer an RSA host key too */
  readonly rsa?: boolean;
  /** offer what this sshd offers by itself; default one that takes little time */
  readonly everyKeyExchange?: boolean;
}

/** A real OpenSSH server on loopback with bare repositories in a temporary folder. */
export interface Upstream {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly user: string;
  /** `ssh-ed25519 AAAA…` */
  readonly hostKey: string;
  /** text of the private key that the server lets in */
  readonly clientKey: string;
  readonly folder: string;
  readonly repoPath: (name: string) => string;
  /** `ssh://user@127.0.0.1:port/path/name.git` */
  readonly repoUrl: (name: string) => string;
  readonly addRepo: (name: string, options?: BareRepoOptions) => Promise<void>;
  /** Runs git in the bare repository, past every gate, as somebody else would; stdout without the last line break. */
  readonly git: (name: string, ...args: readonly string[]) => Promise<string>;
  /** The same with something on its standard input. */
  readonly gitInput: (name: string, input: string, ...args: readonly string[]) => Promise<string>;
  /** full name → object id */
  readonly refs: (name: string) => Promise<Map<string, string>>;
  /** Installs a hook of the upstream's own. */
  readonly setHook: (name: string, hook: string, script: string) => Promise<void>;
  /** What runs before a push is answered, before it is told any ref; null: nothing. */
  readonly setBeforeReceive: (script: string | null) => Promise<void>;
  /** What clients ran, `GIT_PROTOCOL command`, oldest first. */
  readonly commands: () => Promise<string[]>;
  /** TCP connections so far. */
  readonly connections: () => number;
  readonly log: () => readonly string[];
  /** Ends the listener and every connection; `resume` listens on the same port again. */
  readonly pause: () => Promise<void>;
  readonly resume: () => Promise<void>;
  /** Ends it and removes its folder. */
  readonly stop: () => Promise<void>;
}

/** Starts the server; call only when `sshd` is not null. */
export async function createUpstream(options: UpstreamOptions = {}): Promise<Upstream> {
  if (sshd === null) throw new Error('sshd is not installed');
  const program = sshd;
  const folder = await mkdtemp('/tmp/git-gate-upstream-');
  const user = userInfo().username;
  const repoPath = (name: string): string => join(folder, 'repos', `${name}.git`);
  try {
    await mkdir(join(folder, 'home'), { mode: 0o700 });
    await mkdir(join(folder, 'repos'), { mode: 0o700 });
    await makeKeys(folder, options.rsa ?? false);
    const command = join(folder, 'command');
    await writeFile(command, wrapper(folder), { mode: 0o755 });
    await writeFile(join(folder, 'commands'), '');
    const [type, key] = (await readFile(join(folder, 'host_ed25519.pub'), 'utf8')).split(' ');
    const clientKey = await readFile(join(folder, 'client'), 'utf8');
    const config = sshdConfig({
      folder,
      user,
      acceptProtocol: options.acceptProtocol ?? true,
      rsa: options.rsa ?? false,
      everyKeyExchange: options.everyKeyExchange ?? false,
    });
    const log: string[] = [];
    const makeRepo = bareRepoMaker(join(folder, 'templates'));
    let server = await startSshd({ program, folder, config, port: null, log });
    const { port } = server;
    return {
      host: '127.0.0.1',
      port,
      user,
      hostKey: `${type} ${key}`,
      clientKey,
      folder,
      repoPath,
      repoUrl: (name) => `ssh://${user}@127.0.0.1:${port}${repoPath(name)}`,
      addRepo: (name, repo) => makeRepo(repoPath(name), repo),
      git: async (name, ...args) => (await gitAt(repoPath(name), args)).replace(/\n$/, ''),
      gitInput: (name, input, ...args) => gitAt(repoPath(name), args, input),
      refs: async (name) => readRefs(await gitAt(repoPath(name), ['for-each-ref', refFormat])),
      setHook: async (name, hook, script) =>
        await writeFile(join(repoPath(name), 'hooks', hook), script, { mode: 0o755 }),
      setBeforeReceive: async (script) => {
        const path = join(folder, 'before-receive');
        if (script === null) await rm(path, { force: true });
        else await writeFile(path, script, { mode: 0o755 });
      },
      commands: async () =>
        (await readFile(join(folder, 'commands'), 'utf8')).split('\n').filter((line) => line !== ''),
      connections: () => log.filter((line) => line.startsWith('Connection from ')).length,
      log: () => log,
      pause: () => server.stop(),
      resume: async () => {
        server = await startSshd({ program, folder, config, port, log });
      },
      stop: async () => {
        await server.stop();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

export const refFormat = '--format=%(objectname) %(refname)';

/** Output of `for-each-ref` with `refFormat`. */
export function readRefs(text: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(lines.map((line) => [line.slice(line.indexOf(' ') + 1), line.slice(0, line.indexOf(' '))]));
}

async function makeKeys(folder: string, rsa: boolean): Promise<void> {
  const make = (file: string, ...args: string[]): Promise<string> =>
    output('ssh-keygen', ['-q', '-N', '', '-C', 'test', '-f', join(folder, file), ...args]);
  await make('host_ed25519', '-t', 'ed25519');
  await make('client', '-t', 'ed25519');
  if (rsa) await make('host_rsa', '-t', 'rsa', '-b', '3072');
  await writeFile(join(folder, 'authorized_keys'), await readFile(join(folder, 'client.pub')));
}
