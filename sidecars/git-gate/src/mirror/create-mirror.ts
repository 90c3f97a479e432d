import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { GateRepo, GitGateConfig } from '@bot-bottle/git-gate';
import type { Log } from '@bot-bottle/sidecar-protocol/program';
import type { Git, Mirror } from '../contracts.ts';
import { GitGateServerError } from '../errors.ts';
import { createUpstreamSsh } from '../ssh/upstream-ssh.ts';
import { upstreamUrl } from '../ssh/upstream-url.ts';
import { openBareRepository } from './bare-repository.ts';
import { createFairLock } from './fair-lock.ts';
import { forward } from './forward.ts';
import { refreshMirror } from './refresh-mirror.ts';
import { createSharedRun } from './shared-run.ts';

export interface MirrorOptions {
  readonly repo: GateRepo;
  readonly git: Git;
  /** absolute path of the ssh program */
  readonly ssh: string;
  /** private folder on disk */
  readonly root: string;
  /** private folder in memory */
  readonly keyDir: string;
  /** text of the private key; null: connecting is refused */
  readonly key: string | null;
  readonly limits: Pick<GitGateConfig['limits'], 'transfer_seconds' | 'mirror_bytes'>;
  readonly log: Log;
}

/** How long `close` waits for whoever has the lock, in ms. */
const CLOSE_MS = 5000;

/**
 * Opens or makes the mirror of one upstream. No connection is made yet.
 *
 * @throws GitGateError for a host key that is none
 */
export async function createMirror(options: MirrorOptions): Promise<Mirror> {
  const { repo, git, root, log } = options;
  const url = upstreamUrl(repo);
  const gitDir = join(root, `${repo.name}.git`);
  const workDir = join(root, `${repo.name}.work`);
  const transferMs = options.limits.transfer_seconds * 1000;
  await rm(workDir, { recursive: true, force: true });
  await mkdir(workDir, { recursive: true, mode: 0o700 });
  const repository = await openBareRepository({ git, gitDir, url });
  const connection = createUpstreamSsh({ repo, ssh: options.ssh, keyDir: options.keyDir });
  await connection.setKey(options.key);

  const closing = new AbortController();
  const lock = createFairLock();
  const atomic = { supported: true };
  let head: string | null = null;
  let symbolic: ReadonlyMap<string, string> = new Map();
  let freshSince: number | null = null;

  const refreshNow = async (signal: AbortSignal): Promise<void> => {
    const began = performance.now();
    freshSince = null;
    try {
      const upstream = await refreshMirror(
        {
          git,
          repository,
          url,
          what: `${repo.name}: cannot refresh from ${repo.host}:${repo.port}`,
          connection,
          transferMs,
          mirrorBytes: options.limits.mirror_bytes,
        },
        AbortSignal.any([signal, closing.signal]),
      );
      ({ head, symbolic } = upstream);
      freshSince = began;
      log(2, { event: 'refresh', repo: repo.name, refs: upstream.refs.size, ms: performance.now() - began });
    } catch (error) {
      logFailure(log, repo.name, error);
      throw error;
    }
  };
  const withLock: Mirror['withLock'] = (signal, work) =>
    lock(AbortSignal.any([signal, closing.signal]), () => work({ refresh: refreshNow }));
  const shared = createSharedRun((signal, begun) =>
    withLock(signal, async (held) => {
      begun();
      await held.refresh(signal);
    }),
  );
  const invalidate = (): void => {
    freshSince = null;
  };
  return {
    repo,
    gitDir,
    workDir,
    refresh: shared,
    isFresh: (withinMs) => freshSince !== null && performance.now() - freshSince < withinMs,
    invalidate,
    refs: () => repository.refs('utf8'),
    defaultBranch: () => head,
    symbolicRefs: () => symbolic,
    withLock,
    forward: async (request) => {
      const results = await forward({ git, url, connection, transferMs }, atomic, request).catch(
        (error: unknown) => {
          invalidate();
          throw error;
        },
      );
      if (results.some((result) => result.outcome === 'refused')) invalidate();
      return results;
    },
    setKey: (key) => connection.setKey(key),
    close: async () => {
      closing.abort();
      try {
        await lock(AbortSignal.timeout(CLOSE_MS), () => repository.markClean());
      } catch {
        log(1, { event: 'mirror_discarded', repo: repo.name });
      } finally {
        await connection.close();
      }
    },
  };
}

function logFailure(log: Log, repo: string, error: unknown): void {
  const lines =
    GitGateServerError.isInstance(error) && error.data.problems.length > 0
      ? error.data.problems
      : [error instanceof Error ? error.message : String(error)];
  for (const line of lines) log(0, { event: 'refresh_failed', repo, line });
}
