import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Git, GitRun, RepositoryView } from '../contracts.ts';
import { GitGateServerError } from '../errors.ts';
import { parseRefs } from './parse-refs.ts';

export type ObjectFormat = 'sha1' | 'sha256';

export interface BareRepositoryOptions {
  readonly git: Git;
  readonly gitDir: string;
  /** upstream that it is a copy of */
  readonly url: string;
}

/** The bare repository on disk. */
export interface BareRepository {
  readonly view: RepositoryView;
  format(): ObjectFormat;
  /** Throws everything away. */
  reset(format: ObjectFormat): Promise<void>;
  /** Branches and tags; `latin1` keeps names apart that are not UTF-8. */
  refs(encoding: 'utf8' | 'latin1'): Promise<ReadonlyMap<string, string>>;
  setHead(ref: string): Promise<void>;
  /** bytes of all packs, with those that are being written */
  packBytes(): Promise<number>;
  /** Removes what a fetch that was killed has left. */
  removeLeftovers(): Promise<void>;
  /** Says that nothing is half-written, so that the next start may keep it. */
  markClean(): Promise<void>;
}

const LOCAL_MS = 60_000;
/** More refs than this do not fit: about a million. */
const MAX_REF_BYTES = 64 * 1024 * 1024;

/**
 * Opens a repository that was closed cleanly and is a copy of the same upstream; anything else is thrown away: what a
 * killed process leaves is not worth trusting, and objects of another upstream must never be served.
 */
export async function openBareRepository(options: BareRepositoryOptions): Promise<BareRepository> {
  const { git, gitDir, url } = options;
  const view: RepositoryView = { gitDir, objects: null, alternates: [] };
  const marker = join(gitDir, 'git-gate-clean');
  const packs = join(gitDir, 'objects', 'pack');
  let format: ObjectFormat = 'sha1';
  let head: string | null = null;

  const run = async (args: readonly string[], more: Partial<GitRun> = {}): Promise<Buffer> => {
    const result = await git.run({ args, view, timeoutMs: LOCAL_MS, ...more });
    if (result.code === 0) return result.stdout;
    throw new GitGateServerError(
      'git_failed',
      `git ${args[0]} failed: ${result.stderr.at(-1) ?? result.code}`,
    );
  };
  const reset = async (next: ObjectFormat): Promise<void> => {
    await rm(gitDir, { recursive: true, force: true });
    await mkdir(gitDir, { recursive: true, mode: 0o700 });
    const init = ['init', '--quiet', '--bare', '--template=', `--object-format=${next}`, gitDir];
    await run(init, { view: null });
    format = next;
    head = null;
  };
  const refs = async (encoding: 'utf8' | 'latin1'): Promise<ReadonlyMap<string, string>> => {
    const args = ['for-each-ref', '--format=%(objectname) %(refname)', 'refs/heads', 'refs/tags'];
    return parseRefs((await run(args, { maxOutput: MAX_REF_BYTES })).toString(encoding)).refs;
  };
  const reopen = async (): Promise<boolean> => {
    const closedAs = await readFile(marker, 'utf8').catch(() => null);
    await rm(marker, { force: true });
    if (closedAs !== url) return false;
    try {
      const found = (await run(['rev-parse', '--show-object-format'])).toString().trim();
      if (found !== 'sha1' && found !== 'sha256') return false;
      format = found;
      await refs('utf8');
      return true;
    } catch {
      return false;
    }
  };

  if (!(await reopen())) await reset('sha1');
  return {
    view,
    format: () => format,
    reset,
    refs,
    setHead: async (ref) => {
      if (ref !== head) await run(['symbolic-ref', 'HEAD', ref]);
      head = ref;
    },
    packBytes: async () => {
      const names = await readdir(packs).catch((): string[] => []);
      const sizes = names.map(async (name) => (await stat(join(packs, name)).catch(() => null))?.size ?? 0);
      return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    },
    removeLeftovers: async () => {
      const names = await readdir(packs).catch((): string[] => []);
      const left = names.filter((name) => name.startsWith('tmp_'));
      await Promise.all(left.map((name) => rm(join(packs, name), { force: true })));
    },
    markClean: async () => await writeFile(marker, url, { mode: 0o600 }),
  };
}
