import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GateRepo } from '@bot-bottle/git-gate';
import { GitGateServerError } from '../errors.ts';
import { knownHostsLine } from './known-hosts-line.ts';
import { sshVariables } from './ssh-command.ts';

export interface KeyFilesOptions {
  readonly repo: GateRepo;
  /** absolute path of the ssh program */
  readonly ssh: string;
  /** private folder in memory */
  readonly keyDir: string;
}

/** Key and host key of one upstream, as the files that ssh wants. */
export interface KeyFiles {
  /** Replaces the key; null removes it. Text of a private key. */
  setKey(key: string | null): Promise<void>;
  /**
   * Variables for git.
   *
   * @throws GitGateServerError `refresh_failed` that says what to add to the manifest
   */
  variables(): Record<string, string>;
  remove(): Promise<void>;
}

/** The names of the files are fixed: the name of a repository has no separator in it. */
export function createKeyFiles({ repo, ssh, keyDir }: KeyFilesOptions): KeyFiles {
  const keyFile = join(keyDir, `${repo.name}.key`);
  const knownHostsFile = join(keyDir, `${repo.name}.known_hosts`);
  let hasKey = false;
  const missing = (what: string, add: string): GitGateServerError =>
    new GitGateServerError('refresh_failed', `${repo.name}: no ${what}: add ${add} to the manifest`);
  return {
    setKey: async (key) => {
      if (repo.host_key !== null)
        await writePrivate(knownHostsFile, knownHostsLine(hostOf(repo, repo.host_key)));
      if (key === null) await rm(keyFile, { force: true });
      else await writePrivate(keyFile, key);
      hasKey = key !== null;
    },
    variables: () => {
      if (repo.host_key === null) throw missing('host key', `git-gate.repos.${repo.name}.host_key`);
      if (!hasKey) {
        throw missing('SSH key', `git-gate.repos.${repo.name}.identity (or provisioned_key)`);
      }
      return sshVariables({ ssh, keyFile, knownHostsFile });
    },
    remove: async () => {
      hasKey = false;
      await Promise.all([keyFile, knownHostsFile].map((path) => rm(path, { force: true })));
    },
  };
}

const hostOf = (repo: GateRepo, hostKey: string): { host: string; port: number; hostKey: string } => ({
  host: repo.host,
  port: repo.port,
  hostKey,
});

/** ssh reads no key without a line break at its end, and none that others may read. */
async function writePrivate(path: string, text: string): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  await rm(temporary, { force: true });
  await writeFile(temporary, text.endsWith('\n') ? text : `${text}\n`, { mode: 0o600, flag: 'wx' });
  await rename(temporary, path);
}
