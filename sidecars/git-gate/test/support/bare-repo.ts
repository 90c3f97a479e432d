import { appendFile, mkdir, readFile } from 'node:fs/promises';
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
  if (commits.length > 0) await commitAt(path, commits);
}

/** Adds commits to a bare repository, one after the other, as somebody with direct access would. */
export async function commitAt(gitDir: string, commits: readonly CommitSpec[]): Promise<void> {
  const head = (await readFile(join(gitDir, 'HEAD'), 'utf8')).replace('ref: ', '').trim();
  const parts: Buffer[] = [];
  const write = (text: string | Buffer): void => void parts.push(Buffer.from(text));
  const data = (content: string | Buffer): void => {
    const bytes = Buffer.from(content);
    write(`data ${bytes.length}\n`);
    write(bytes);
    write('\n');
  };
  const known = new Set((await gitAt(gitDir, ['for-each-ref', '--format=%(refname)'])).split('\n'));
  for (const [index, commit] of commits.entries()) {
    const ref = commit.ref ?? head;
    const author = commit.author ?? 'Upstream <upstream@example.com>';
    write(`commit ${ref}\ncommitter ${author} ${1_700_000_000 + index} +0000\n`);
    data(commit.message ?? `commit ${index}`);
    if (known.has(ref)) write(`from ${ref}^0\n`);
    known.delete(ref);
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
