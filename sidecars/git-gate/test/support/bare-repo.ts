import { appendFile, cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { output } from './run-program.ts';

export interface BareRepoOptions {
  readonly objectFormat?: 'sha1' | 'sha256';
  /** where HEAD points; default main */
  readonly defaultBranch?: string;
  /** commits of the default branch, oldest first; default: one with a README. [] leaves the repository empty */
  readonly commits?: readonly CommitSpec[];
}

export interface CommitSpec {
  /** full name; default: the branch that HEAD points to */
  readonly ref?: string;
  readonly message?: string;
  /** path → content; null removes the path */
  readonly files?: Readonly<Record<string, string | Buffer | null>>;
  readonly author?: string;
}

const environment = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  HOME: '/nonexistent',
  GIT_AUTHOR_NAME: 'Upstream',
  GIT_AUTHOR_EMAIL: 'upstream@example.com',
  GIT_COMMITTER_NAME: 'Upstream',
  GIT_COMMITTER_EMAIL: 'upstream@example.com',
};

/** Runs git in a repository without any configuration of the machine; throws when it fails. */
export function gitAt(
  gitDir: string,
  args: readonly string[],
  input?: string | Uint8Array,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  return output('git', args, {
    env: { ...environment, GIT_DIR: gitDir, ...env },
    ...(input === undefined ? {} : { input }),
  });
}

/** Makes a bare repository with a history that does not depend on the clock. */
export async function addBareRepo(path: string, options: BareRepoOptions = {}): Promise<void> {
  const branch = options.defaultBranch ?? 'main';
  await mkdir(path, { recursive: true });
  const format = options.objectFormat ?? 'sha1';
  await gitAt(path, ['init', '-q', '--bare', `--initial-branch=${branch}`, `--object-format=${format}`]);
  await appendFile(join(path, 'config'), '[uploadpack]\n\tallowFilter = true\n');
  const commits = options.commits ?? [{ message: 'first', files: { 'README.md': '# a project\n' } }];
  if (commits.length > 0) await importCommits(path, commits, new Set());
}

/** Makes bare repositories: of those that are alike, the first is made by git and the others are copies of it. */
export function bareRepoMaker(templates: string): (path: string, options?: BareRepoOptions) => Promise<void> {
  const made = new Map<string, Promise<string>>();
  const template = (options: BareRepoOptions): Promise<string> => {
    const key = `${options.objectFormat ?? ''} ${options.defaultBranch ?? ''} ${options.commits?.length ?? ''}`;
    const known = made.get(key);
    if (known !== undefined) return known;
    const path = join(templates, String(made.size));
    const making = addBareRepo(path, options).then(() => path);
    made.set(key, making);
    return making;
  };
  return async (path, options = {}) => {
    const { commits = [] } = options;
    const like = commits.length === 0 ? options : { ...options, commits: [] };
    await cp(await template(like), path, { recursive: true });
    if (commits.length > 0) await importCommits(path, commits, new Set());
  };
}

/** Adds commits to a bare repository, one after the other, as somebody with direct access would. */
export async function commitAt(gitDir: string, commits: readonly CommitSpec[]): Promise<void> {
  const refs = await gitAt(gitDir, ['for-each-ref', '--format=%(refname)']);
  await importCommits(gitDir, commits, new Set(refs.split('\n')));
}

/** @param existing full names of the refs that are there, which the commits go on from; emptied of those */
async function importCommits(
  gitDir: string,
  commits: readonly CommitSpec[],
  existing: Set<string>,
): Promise<void> {
  const head = (await readFile(join(gitDir, 'HEAD'), 'utf8')).replace('ref: ', '').trim();
  const parts: Buffer[] = [];
  const write = (text: string | Buffer): void => void parts.push(Buffer.from(text));
  const data = (content: string | Buffer): void => {
    const bytes = Buffer.from(content);
    write(`data ${bytes.length}\n`);
    write(bytes);
    write('\n');
  };
  for (const [index, commit] of commits.entries()) {
    const ref = commit.ref ?? head;
    const author = commit.author ?? 'Upstream <upstream@example.com>';
    write(`commit ${ref}\ncommitter ${author} ${1_700_000_000 + index} +0000\n`);
    data(commit.message ?? `commit ${index}`);
    if (existing.has(ref)) write(`from ${ref}^0\n`);
    existing.delete(ref);
    for (const [path, content] of Object.entries(commit.files ?? {})) {
      if (content === null) {
        write(`D ${JSON.stringify(path)}\n`);
        continue;
      }
      write(`M 100644 inline ${JSON.stringify(path)}\n`);
      data(content);
    }
    write('\n');
  }
  await gitAt(gitDir, ['fast-import', '--quiet'], Buffer.concat(parts));
}
