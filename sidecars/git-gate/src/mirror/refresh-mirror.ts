import { visibleLine } from '@bot-bottle/audit';
import { setTimeout as delay } from 'node:timers/promises';
import type { Git, GitResult, GitRun } from '../contracts.ts';
import { GitGateServerError } from '../errors.ts';
import type { UpstreamSsh } from '../ssh/upstream-ssh.ts';
import type { BareRepository } from './bare-repository.ts';
import { parseRefs, sameRefs } from './parse-refs.ts';
import type { ListedRefs, UpstreamState } from './parse-refs.ts';

export interface RefreshOptions {
  readonly git: Git;
  readonly repository: BareRepository;
  readonly url: string;
  /** `<name>: cannot refresh from <host>:<port>` */
  readonly what: string;
  readonly connection: Pick<UpstreamSsh, 'variables'>;
  /** longest transfer, in ms */
  readonly transferMs: number;
  /** bytes */
  readonly mirrorBytes: number;
}

/** Listing refs is short even where there are many of them. */
const LIST_MS = 120_000;
const MAX_LIST_BYTES = 64 * 1024 * 1024;
const SIZE_POLL_MS = 250;
/** Lines of git that an error repeats. */
const SHOWN_LINES = 10;

const refspecs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];

/**
 * Brings the mirror up to what the upstream has and returns that. One connection when nothing has changed.
 *
 * @throws GitGateServerError `refresh_failed` with git's lines as problems; `limit_exceeded`: the mirror is emptied
 */
export async function refreshMirror(options: RefreshOptions, signal: AbortSignal): Promise<UpstreamState> {
  const { repository } = options;
  // latin1: names that are not UTF-8 must stay apart, or one of them could go stale unseen
  const mirrored = await repository.refs('latin1');
  const isTraced = mirrored.size === 0;
  const listed = await list(options, ['HEAD', 'refs/heads/*', 'refs/tags/*'], isTraced, signal);
  const { saysSha256, upstream } = listed;
  let { unborn } = listed;
  if (!upstream.hasHead && upstream.refs.size > 0 && !isTraced)
    ({ unborn } = await list(options, ['HEAD'], true, signal));
  const [oid] = upstream.refs.values();
  const format = (oid === undefined ? saysSha256 : oid.length === 64) ? 'sha256' : 'sha1';
  const isKnown = oid !== undefined || mirrored.size === 0;
  if (isKnown && format !== repository.format()) await repository.reset(format);
  if (!sameRefs(upstream.refs, mirrored)) await fetchAll(options, signal);
  // whoever makes the first branch of an empty upstream may choose it, so an unborn HEAD counts beside others only
  const branch = upstream.head ?? (upstream.hasHead || upstream.refs.size === 0 ? null : unborn);
  const head = branch === null ? null : toUtf8(branch);
  if (head !== null) await repository.setHead(head);
  const symbolic = new Map([...upstream.symbolic].map(([name, to]) => [toUtf8(name), toUtf8(to)]));
  return { refs: upstream.refs, head, symbolic };
}

const toUtf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('utf8');

interface Listed {
  readonly upstream: ListedRefs;
  /** says so only when traced */
  readonly saysSha256: boolean;
  /** branch that HEAD names and nobody has made yet, in latin1; null also when not traced */
  readonly unborn: string | null;
}

async function list(
  options: RefreshOptions,
  patterns: readonly string[],
  isTraced: boolean,
  signal: AbortSignal,
): Promise<Listed> {
  let saysSha256 = false;
  let unborn: string | null = null;
  const { stdout } = await attempt(options, {
    args: ['ls-remote', '--symref', '--', options.url, ...patterns],
    view: null,
    timeoutMs: Math.min(LIST_MS, options.transferMs),
    maxOutput: MAX_LIST_BYTES,
    signal,
    ...(isTraced ? { env: tracing } : {}),
    onErrorLine: (line) => {
      if (!isTraced || !isTrace(line)) return;
      saysSha256 ||= /\bobject-format=sha256\b/.test(line);
      unborn ??= unbornHead(line);
    },
  });
  return { upstream: parseRefs(stdout.toString('latin1')), saysSha256, unborn };
}

/** The trace shows bytes beyond ASCII as octal numbers, with sign where `char` has one; a name holds no backslash. */
function unbornHead(line: string): string | null {
  const [, name] = /< unborn HEAD symref-target:(refs\/heads\/[!-~]+)$/.exec(line) ?? [];
  if (name === undefined) return null;
  return name.replaceAll(/\\(?:37777777)?([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8) & 0xff),
  );
}

/**
 * An upstream tells some things only in the protocol (gitprotocol-v2(5)), which git shows in its trace: how it names
 * objects when it has no refs (`object-format=…`; an old one that says nothing has SHA-1), and the branch of an unborn
 * HEAD.
 */
const tracing = { GIT_TRACE_PACKET: '2' } as const;
const isTrace = (line: string): boolean => /\bpacket: +\S+< /.test(line);

async function fetchAll(options: RefreshOptions, signal: AbortSignal): Promise<void> {
  const { repository } = options;
  const over = new AbortController();
  const done = new AbortController();
  const watching = watchSize(options, over, done.signal);
  try {
    // Not --atomic: `a` that became `a/b` is pruned before the new one is made, which one transaction cannot.
    await attempt(options, {
      args: [
        'fetch',
        '--quiet',
        '--force',
        '--prune',
        '--no-tags',
        '--no-write-fetch-head',
        '--no-recurse-submodules',
        '--no-auto-maintenance',
        '--',
        options.url,
        ...refspecs,
      ],
      view: repository.view,
      timeoutMs: options.transferMs,
      signal: AbortSignal.any([signal, over.signal]),
    });
  } catch (error) {
    await repository.removeLeftovers();
    if (!over.signal.aborted) throw error;
  } finally {
    done.abort();
    await watching;
  }
  if (!over.signal.aborted && (await repository.packBytes()) <= options.mirrorBytes) return;
  await repository.reset(repository.format());
  throw new GitGateServerError(
    'limit_exceeded',
    `${options.what}: the mirror would be larger than limits.mirror_bytes (${options.mirrorBytes})`,
  );
}

/** A running check instead of a file size limit: that would need a program in between. */
async function watchSize(options: RefreshOptions, over: AbortController, done: AbortSignal): Promise<void> {
  while (!done.aborted) {
    if ((await options.repository.packBytes()) > options.mirrorBytes) over.abort();
    await delay(SIZE_POLL_MS, undefined, { signal: done }).catch(() => {});
  }
}

async function attempt(options: RefreshOptions, run: GitRun): Promise<GitResult> {
  const env = { ...options.connection.variables(), ...run.env };
  let result: GitResult;
  try {
    result = await options.git.run({ ...run, env });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw refreshFailed(options, [visibleLine(reason)], error);
  }
  if (result.code === 0) return result;
  const lines = result.stderr
    .filter((line) => !/\bpacket: +\S+[<>] /.test(line))
    .map((line) => visibleLine(line));
  throw refreshFailed(
    options,
    lines.length > 0 ? lines : [`git ${run.args[0]} ended with code ${result.code ?? 'none (signal)'}`],
  );
}

function refreshFailed(
  options: RefreshOptions,
  problems: readonly string[],
  cause?: unknown,
): GitGateServerError {
  const message = `${options.what}: ${problems.slice(-SHOWN_LINES).join('; ')}`;
  return new GitGateServerError('refresh_failed', message, { problems, cause });
}
