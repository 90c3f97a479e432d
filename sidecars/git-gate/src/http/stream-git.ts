import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { visibleLine } from '@bot-bottle/audit';
import { createLineReader } from '../git/line-reader.ts';
import { RECEIVE_MEMORY_KIB, startGit } from '../git/start-git.ts';
import type { GitProcess } from '../git/start-git.ts';
import type { RepoService } from '../repo-service.ts';
import { gitHeaders } from './answer.ts';
import type { BodyRules } from './check-body.ts';
import { feedBody } from './feed-body.ts';
import type { BodyCount, BodyEnd } from './feed-body.ts';
import { sendOutput } from './send-output.ts';
import type { Service } from './request-target.ts';

/** git versions of the protocol that may be asked for (gitprotocol-v2(5)); anything else is left out. */
const knownProtocol = /^version=[012]$/;
const MAX_LOGGED_LINES = 50;

export interface GitStream {
  readonly args: readonly string[];
  readonly service: Service;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** null: nothing is read */
  readonly body: BodyRules | null;
  readonly received: BodyCount;
  readonly kind: 'advertisement' | 'result';
  /** sent before git's own output */
  readonly preamble?: Buffer;
  readonly isOverChannel?: boolean;
}

export interface GitStreamEnd {
  readonly body: BodyEnd;
  /** bytes sent */
  readonly sent: number;
  readonly code: number | null;
}

/** What `Git-Protocol` of a request means for git. */
export function protocolOf(request: IncomingMessage): Record<string, string> {
  const asked = request.headers['git-protocol'];
  return typeof asked === 'string' && knownProtocol.test(asked) ? { GIT_PROTOCOL: asked } : {};
}

/** Starts git for a request; who starts it must call `end` on every path. */
export function startService(
  service: RepoService,
  stream: Pick<GitStream, 'args' | 'request' | 'isOverChannel'>,
): GitProcess & { readonly channel: Duplex | null } {
  const git = startGit(service.gitOptions, {
    args: stream.args,
    view: null,
    env: protocolOf(stream.request),
    ...(stream.isOverChannel === true ? { extra: ['pipe'] as const, memoryKib: RECEIVE_MEMORY_KIB } : {}),
  });
  let logged = 0;
  const lines = createLineReader((line) => {
    logged += 1;
    // receive-pack quotes names of the push, which nobody has scanned
    const said = stream.isOverChannel === true ? '(withheld: it may quote the push)' : visibleLine(line);
    if (logged <= MAX_LOGGED_LINES) service.log(1, { event: 'git', repo: service.repo.name, line: said });
  });
  git.child.stderr.on('data', (chunk: Buffer) => lines.write(chunk)).on('error', () => undefined);
  const channel = (git.child.stdio as readonly unknown[])[3] as Duplex | undefined;
  return { ...git, channel: channel ?? null };
}

/** Streams both ways between a client and git until git has ended. */
export async function streamGit(
  service: RepoService,
  git: GitProcess,
  stream: GitStream,
): Promise<GitStreamEnd> {
  const { request, response } = stream;
  const idleMs = service.limits.idle_seconds * 1000;
  const begin = (): boolean => {
    // what git says of a body that was cut is not the reason
    if (stream.received.fault !== undefined && stream.received.fault !== 'unread') return false;
    response.writeHead(200, gitHeaders(stream.service, stream.kind));
    if (stream.preamble !== undefined) response.write(stream.preamble);
    return true;
  };
  const fed =
    stream.body === null
      ? Promise.resolve<BodyEnd>('complete')
      : feedBody(request, git.child.stdin, { ...stream.body, idleMs }, stream.received);
  if (stream.body === null) git.child.stdin.end();
  const [body, sent] = await Promise.all([
    fed,
    sendOutput(git.child.stdout as AsyncIterable<Buffer>, response, { idleMs, begin }).catch(() => 0),
  ]);
  return { body, sent, code: await git.exited };
}

/** Resolves when the connection is closed, however it came to that. */
export async function closed(response: ServerResponse): Promise<void> {
  if (!response.destroyed) await once(response, 'close');
}
