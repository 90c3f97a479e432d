import { GitGateServerError } from '../errors.ts';
import type { ScanRequest } from '../contracts.ts';
import { tipLines } from './pushed-objects.ts';
import { gitEnv, type GitAccess } from './scanned-object.ts';

/** One entry that a commit (or the second of two trees) has otherwise than what came before. */
export interface Change {
  /** the commit, or the two trees compared */
  readonly source: string;
  readonly path: string;
  /** object after the change, all zeros when the entry is gone */
  readonly oid: string;
  /** where the content was moved or copied from */
  readonly from: string | null;
}

/** Commits of a push in reverse order of time. */
export interface PushedCommits {
  readonly oids: readonly string[];
  readonly merges: number;
  /** commits of upstream that pushed ones build on */
  readonly boundary: readonly string[];
}

/** About 400,000 commits; a commit can name any number of parents. */
const MAX_LIST = 32 * 1024 * 1024;

export async function pushedCommits(access: GitAccess, tips: ScanRequest['tips']): Promise<PushedCommits> {
  const { stdout } = await succeed(access, {
    args: ['rev-list', '--parents', '--boundary', '--stdin', '--not', '--all'],
    input: tipLines(tips),
  });
  const oids: string[] = [];
  const boundary: string[] = [];
  let merges = 0;
  for (const line of stdout.toString('latin1').split('\n')) {
    const [oid = '', ...parents] = line.split(' ');
    if (oid.startsWith('-')) boundary.push(oid.slice(1));
    else if (oid !== '') oids.push(oid);
    if (!oid.startsWith('-') && parents.length > 1) merges++;
  }
  return { oids, merges, boundary };
}

/**
 * What `git diff-tree --stdin` says of commits (against all their parents at once: a merge changes what differs from
 * every parent) or of lines with two trees.
 */
export async function* changesOf(
  access: GitAccess,
  lines: readonly string[],
  options: readonly string[],
): AsyncGenerator<Change> {
  if (lines.length === 0) return;
  const output = access.git.stream({
    args: ['diff-tree', '--stdin', '-r', '-c', '--root', '--raw', '--no-abbrev', '-z', ...options],
    view: access.view,
    input: lines.map((line) => `${line}\n`).join(''),
    env: gitEnv,
    timeoutMs: access.timeoutMs,
    signal: access.signal,
  });
  const tokens = splitAtNul(output);
  try {
    yield* readChanges(tokens);
  } finally {
    // ends git when nobody wants the rest
    await tokens.return(undefined);
  }
}

async function* readChanges(tokens: AsyncGenerator<string>): AsyncGenerator<Change> {
  let source = '';
  for (;;) {
    const next = await tokens.next();
    if (next.done === true) return;
    let meta = next.value;
    for (let header = headerOf(meta); header !== ''; header = headerOf(meta)) {
      source = header.trimEnd();
      meta = meta.slice(header.length);
    }
    if (meta === '') continue;
    const [, oid, status] = /^:+[0-7 ]+ (?:[0-9a-f]+ )*([0-9a-f]{40,64}) ([A-Z]+)\d*$/.exec(meta) ?? [];
    if (oid === undefined || status === undefined) throw unreadable();
    const isPair = !meta.startsWith('::') && (status === 'R' || status === 'C');
    const first = await needed(tokens);
    const path = isPair ? await needed(tokens) : first;
    yield { source, path, oid, from: isPair ? first : null };
  }
}

/** Two trees end their header with a line break (also when nothing differs, so that another follows), a commit with NUL. */
function headerOf(text: string): string {
  return /^[0-9a-f]{40,64}(?: [0-9a-f]{40,64}(?:\n|$))?/.exec(text)?.[0] ?? '';
}

async function needed(tokens: AsyncGenerator<string>): Promise<string> {
  const next = await tokens.next();
  if (next.done === true) throw unreadable();
  return next.value;
}

function unreadable(): GitGateServerError {
  return new GitGateServerError('git_failed', 'git diff-tree said something that cannot be read');
}

async function* splitAtNul(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (let end = bytes.indexOf(0, at); end >= 0; end = bytes.indexOf(0, at)) {
      yield bytes.toString('utf8', at, end);
      at = end + 1;
    }
    rest = Buffer.from(bytes.subarray(at));
  }
  if (rest.length > 0) yield rest.toString('utf8').replace(/\n$/, '');
}

/** @throws GitGateServerError `git_failed` also when git ends with another exit code than 0 */
export async function succeed(
  access: GitAccess,
  run: { readonly args: readonly string[]; readonly input: string },
): Promise<{ readonly stdout: Buffer }> {
  const result = await access.git.run({
    ...run,
    view: access.view,
    env: gitEnv,
    timeoutMs: access.timeoutMs,
    signal: access.signal,
    maxOutput: MAX_LIST,
  });
  if (result.code !== 0) {
    throw new GitGateServerError('git_failed', `git ${run.args[0] ?? ''} failed`, {
      problems: result.stderr,
    });
  }
  return result;
}
