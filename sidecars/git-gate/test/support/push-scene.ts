import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Git, RepositoryView, ScanReport } from '../../src/contracts.ts';
import { createGit } from '../../src/git/create-git.ts';
import { createPushScanner, type PushScannerOptions } from '../../src/scan/create-push-scanner.ts';
import { addBareRepo, gitAt } from './bare-repo.ts';
import { findProgram } from './required.ts';

export const gitleaks = findProgram('gitleaks');

export interface SceneCommit {
  readonly parents?: readonly string[];
  /** path → content; null removes the path */
  readonly files?: Readonly<Record<string, string | Buffer | null>>;
  readonly message?: string;
  readonly author?: string;
}

export type ScanSettings = Partial<PushScannerOptions> & { readonly signal?: AbortSignal };

/** A mirror, and a quarantine with what a push brings on top of it. */
export interface PushScene {
  readonly folder: string;
  readonly git: Git;
  readonly mirror: RepositoryView;
  readonly view: RepositoryView;
  readonly scratchDir: string;
  /** Adds a commit to the mirror and moves a ref there. */
  upstream(commit: SceneCommit, ref?: string): Promise<string>;
  /** Adds a commit to the quarantine. */
  pushed(commit: SceneCommit): Promise<string>;
  /** Runs git on the quarantine, with the mirror as alternate. */
  inQuarantine(args: readonly string[], input?: string | Uint8Array): Promise<string>;
  scan(tips: Readonly<Record<string, string>>, settings?: ScanSettings): Promise<ScanReport>;
  /** what a scan left behind */
  leftovers(): Promise<string[]>;
  close(): Promise<void>;
}

export async function createPushScene(format: 'sha1' | 'sha256' = 'sha1'): Promise<PushScene> {
  const folder = await mkdtemp('/tmp/git-gate-scan-');
  const home = join(folder, 'home');
  const mirrorDir = join(folder, 'mirror.git');
  const workDir = join(folder, 'work.git');
  const scratchDir = join(folder, 'scratch');
  await mkdir(home);
  for (const path of [mirrorDir, workDir]) await addBareRepo(path, { commits: [], objectFormat: format });
  const program = findProgram('git');
  if (program === null) throw new Error('git is not installed');
  const git = createGit({ git: program, home });
  const mirror: RepositoryView = { gitDir: mirrorDir, objects: null, alternates: [] };
  const objects = join(workDir, 'objects');
  const alternates = [join(mirrorDir, 'objects')];
  const view: RepositoryView = { gitDir: mirrorDir, objects, alternates };
  const alternateEnv = { GIT_ALTERNATE_OBJECT_DIRECTORIES: join(mirrorDir, 'objects') };
  return {
    folder,
    git,
    mirror,
    view,
    scratchDir,
    upstream: async (commit, ref = 'refs/heads/main') => {
      const oid = await importCommit(mirrorDir, commit, {});
      await gitAt(mirrorDir, ['update-ref', ref, oid]);
      return oid;
    },
    pushed: (commit) => importCommit(workDir, commit, alternateEnv),
    inQuarantine: async (args, input) => (await gitAt(workDir, args, input, alternateEnv)).trim(),
    scan: async (tips, { signal, ...settings } = {}) => {
      const scanner = createPushScanner({
        git,
        mirrorView: mirror,
        gitleaks,
        mode: 'builtin',
        knownSecrets: [],
        canary: null,
        scratchDir,
        timeoutMs: 60_000,
        log: () => undefined,
        ...settings,
      });
      return scanner({
        view,
        tips: Object.entries(tips).map(([ref, oid]) => ({ ref, oid })),
        signal: signal ?? new AbortController().signal,
        onProgress: () => undefined,
      });
    },
    leftovers: () => readdir(scratchDir).catch(() => []),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

let commits = 0;

async function importCommit(
  gitDir: string,
  commit: SceneCommit,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const parts: Buffer[] = [];
  const write = (text: string | Buffer): void => void parts.push(Buffer.from(text));
  const data = (content: string | Buffer): void => {
    write(`data ${Buffer.byteLength(content)}\n`);
    write(content);
    write('\n');
  };
  const time = `${1_700_000_000 + commits++} +0000`;
  write(`commit refs/scratch/c${commits}\nmark :1\nauthor ${commit.author ?? 'A <a@example.com>'} ${time}\n`);
  write(`committer C <c@example.com> ${time}\n`);
  data(commit.message ?? 'change');
  const [first, ...others] = commit.parents ?? [];
  if (first !== undefined) write(`from ${first}\n`);
  for (const other of others) write(`merge ${other}\n`);
  for (const [path, content] of Object.entries(commit.files ?? {})) {
    if (content === null) write(`D ${JSON.stringify(path)}\n`);
    else {
      write(`M 100644 inline ${JSON.stringify(path)}\n`);
      data(content);
    }
  }
  write('\nget-mark :1\n');
  const oid = (await gitAt(gitDir, ['fast-import', '--quiet'], Buffer.concat(parts), env)).trim();
  await gitAt(gitDir, ['update-ref', '-d', `refs/scratch/c${commits}`], undefined, env);
  return oid;
}

/** A program in place of gitleaks. */
export async function fakeGitleaks(scene: PushScene, script: string): Promise<string> {
  const path = join(scene.folder, `fake-gitleaks-${commits++}`);
  await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o700 });
  return path;
}
