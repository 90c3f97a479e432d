import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { GateRepo } from '@bot-bottle/git-gate';
import type { LogRecord } from '@bot-bottle/sidecar-protocol/program';
import type { Mirror } from '../src/contracts.ts';
import { createGit } from '../src/git/create-git.ts';
import { createMirror } from '../src/mirror/create-mirror.ts';
import type { MirrorOptions } from '../src/mirror/create-mirror.ts';
import { findProgram } from './support/required.ts';
import { createUpstream, sshd } from './support/sshd.ts';
import type { Upstream } from './support/sshd.ts';

export const git = findProgram('git');
export const ssh = findProgram('ssh');
/** Whether this machine can run these tests at all. */
export const ready = git !== null && ssh !== null && sshd !== null;

export function program(path: string | null): string {
  if (path === null) throw new Error('a program of this test is not installed');
  return path;
}

export interface MirrorFixture {
  readonly upstream: Upstream;
  readonly folder: string;
  readonly log: LogRecord[];
  repo(name: string, change?: Partial<GateRepo>): GateRepo;
  /** Makes a repository's mirror; it is closed with the fixture. */
  mirror(name: string, change?: Partial<GateRepo>, options?: Partial<MirrorOptions>): Promise<Mirror>;
  /** Commands that reached the upstream since the last call, without their protocol. */
  newCommands(): Promise<string[]>;
  close(): Promise<void>;
}

/** A real upstream, and mirrors of its repositories in a temporary folder. */
export async function createMirrorFixture(): Promise<MirrorFixture> {
  const upstream = await createUpstream();
  const folder = await mkdtemp('/tmp/git-gate-mirror-');
  const home = await mkdtemp(join(folder, 'home-'));
  const log: LogRecord[] = [];
  const mirrors: Mirror[] = [];
  let seen = 0;
  const repo = (name: string, change: Partial<GateRepo> = {}): GateRepo => ({
    name,
    url: upstream.repoUrl(name),
    user: upstream.user,
    host: upstream.host,
    port: upstream.port,
    path: upstream.repoPath(name),
    host_key: upstream.hostKey,
    key_slot: 'GIT_GATE_KEY_0',
    push: {
      branches: ['**'],
      protect_default: false,
      force: false,
      delete: false,
      tags: true,
      approve: 'never',
      max_bytes: 100_000_000,
      protected_paths: null,
    },
    ...change,
  });
  return {
    upstream,
    folder,
    log,
    repo,
    mirror: async (name, change, options) => {
      const mirror = await createMirror({
        repo: repo(name, change),
        git: createGit({ git: program(git), home }),
        ssh: program(ssh),
        root: join(folder, 'root'),
        keyDir: join(folder, 'keys'),
        key: upstream.clientKey,
        limits: { transfer_seconds: 60, mirror_bytes: 100_000_000 },
        log: (_level, record) => log.push(record),
        ...options,
      });
      mirrors.push(mirror);
      return mirror;
    },
    newCommands: async () => {
      const all = await upstream.commands();
      const fresh = all.slice(seen);
      seen = all.length;
      return fresh.map((line) => line.replace(/^\S* (git-\S+) .*$/, '$1'));
    },
    close: async () => {
      await Promise.all(mirrors.map((mirror) => mirror.close()));
      await upstream.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
