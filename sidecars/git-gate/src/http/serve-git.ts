import type { IncomingMessage, ServerResponse } from 'node:http';
import { CommandHead } from '../push/command-head.ts';
import { PushSession } from '../push/push-session.ts';
import { runPush } from '../push/run-push.ts';
import { refusalOf } from '../refusal-of.ts';
import type { GitProcess } from '../git/start-git.ts';
import type { RepoService } from '../repo-service.ts';
import { answerInBand, answerRefusal, answerText } from './answer.ts';
import type { BodyRules } from './check-body.ts';
import { overDisk, removeQuarantines, watchDisk } from './quarantine-limit.ts';
import { fatalBand, flushPkt, pktLine } from './pkt-line.ts';
import type { Service } from './request-target.ts';
import { protocolOf, startService, streamGit } from './stream-git.ts';
import type { GitStreamEnd } from './stream-git.ts';

/** How long the state of the last refresh serves the POSTs of a client, in ms. */
const FRESH_MS = 60_000;
/** Pushes in flight may fill the disk with so many times `max_bytes`, however many they are. */
const TOTAL_PUSHES = 2;
/** How long a client may go on with a request that was answered before its end, in ms. */
const LINGER_MS = 2000;

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly service: Service;
  /** aborts when the client is gone or the server gives up */
  readonly signal: AbortSignal;
}

/** `GET info/refs`: refreshes, then lets git tell what there is. */
export async function serveInfoRefs(repo: RepoService, exchange: Exchange): Promise<void> {
  const { request, response, service } = exchange;
  try {
    await repo.mirror.refresh(exchange.signal);
  } catch (error) {
    const refusal = refusalOf(error, 'refresh_failed');
    await auditFetch(repo, service, { ...refusal, reason: refusal.lines.join('; ') }).catch(() => undefined);
    answerRefusal(response, refusal);
    return;
  }
  // as git-http-backend(1): version 2 has no announcement
  const isV2 = protocolOf(request)['GIT_PROTOCOL'] === 'version=2';
  const preamble = isV2 ? {} : { preamble: Buffer.concat([pktLine(`# service=git-${service}\n`), flushPkt]) };
  const args = [...command(repo, service), '--http-backend-info-refs', repo.mirror.gitDir];
  const git = startService(repo, { args, request });
  const limit = limitTime(repo, exchange, git);
  try {
    const received = { bytes: 0 };
    const end = await streamGit(repo, git, {
      ...preamble,
      args,
      service,
      request,
      response,
      body: null,
      received,
      kind: 'advertisement',
    });
    finish(exchange, end);
  } finally {
    clearTimeout(limit);
    await git.end();
  }
}

/** `POST git-upload-pack`. */
export async function serveUploadPack(repo: RepoService, exchange: Exchange, body: BodyRules): Promise<void> {
  const { request, response, service } = exchange;
  try {
    await ensureFresh(repo, exchange.signal);
    await auditFetch(repo, service, null);
  } catch (error) {
    answerInBand(response, service, refusalOf(error, 'refresh_failed'));
    linger(exchange);
    return;
  }
  const args = [...command(repo, service), repo.mirror.gitDir];
  const git = startService(repo, { args, request });
  const limit = limitTime(repo, exchange, git);
  try {
    const received = { bytes: 0 };
    const end = await streamGit(repo, git, {
      args,
      service,
      request,
      response,
      body,
      received,
      kind: 'result',
    });
    finish(exchange, end);
  } finally {
    clearTimeout(limit);
    await git.end();
  }
}

/** `POST git-receive-pack`: everything is decided in the hook, while receive-pack waits. */
export async function serveReceivePack(
  repo: RepoService,
  exchange: Exchange,
  body: BodyRules,
): Promise<void> {
  const { response, service } = exchange;
  let release: () => void;
  try {
    await ensureFresh(repo, exchange.signal);
    release = await repo.receiving.take(
      AbortSignal.any([exchange.signal, AbortSignal.timeout(repo.limits.transfer_seconds * 1000)]),
    );
  } catch (error) {
    answerInBand(response, service, refusalOf(error, 'refresh_failed'));
    linger(exchange);
    return;
  }
  try {
    await receivePack(repo, exchange, body, release);
  } finally {
    release();
  }
}

async function receivePack(
  repo: RepoService,
  exchange: Exchange,
  body: BodyRules,
  release: () => void,
): Promise<void> {
  const { request, response, service } = exchange;
  const head = new CommandHead();
  const args = [
    '-c',
    'pack.threads=1',
    '-c',
    `core.hooksPath=${repo.hooks}`,
    '-c',
    `receive.maxInputSize=${repo.repo.push.max_bytes}`,
    ...command(repo, service),
    repo.mirror.gitDir,
  ];
  const git = startService(repo, { args, request, isOverChannel: true });
  if (git.channel === null) throw new Error('no channel to receive-pack');
  const session: PushSession = new PushSession({
    channel: git.channel,
    signal: exchange.signal,
    ended: git.exited,
    onPush: async (push) => {
      clearTimeout(upload);
      read.abort();
      release();
      const over = await overDisk(repo);
      if (over !== null) return await refusePush(repo, session, over);
      return await runPush(repo, session, { ...push, shallow: head.shallow });
    },
  });
  const read = new AbortController();
  const watching = watchDisk(repo, read.signal, () => {
    session.received.fault = 'too-large';
    void git.end();
  });
  const upload = setTimeout(() => void git.end(), repo.limits.transfer_seconds * 1000);
  const leave = (): void => {
    if (!session.isForwarding) void git.end();
  };
  const stopGit = (): void => void git.end();
  exchange.signal.addEventListener('abort', leave, { once: true });
  repo.pushes.add(session.received);
  repo.stopping.addEventListener('abort', stopGit, { once: true });
  try {
    const [end] = await Promise.all([
      streamGit(repo, git, {
        args,
        service,
        request,
        response,
        body: {
          ...body,
          accept: (chunk) => head.take(chunk),
          isOverTotal: () => receivedBytes(repo) > TOTAL_PUSHES * repo.repo.push.max_bytes,
        },
        received: session.received,
        kind: 'result',
      }),
      session.run(),
    ]);
    const cut = { ...end, body: session.received.fault ?? end.body };
    if (!session.isAsked) await auditUnread(repo, session.received.bytes, cut).catch(() => undefined);
    finish(exchange, cut);
  } finally {
    clearTimeout(upload);
    read.abort();
    repo.stopping.removeEventListener('abort', stopGit);
    await git.end();
    await watching;
    repo.pushes.delete(session.received);
    await removeQuarantines(repo);
  }
}

/** Before anybody has looked into it. */
async function refusePush(repo: RepoService, session: PushSession, reason: string): Promise<void> {
  const event = { action: 'push', outcome: 'denied', code: 'limit_exceeded', rule: 'gate' } as const;
  await repo
    .audit({ ...event, target: repo.repo.name, details: { reason, bytes: session.received.bytes } })
    .catch(() => undefined);
  session.refuse([`limit_exceeded: ${reason}`]);
}

/** git's own `--timeout` begins anew with everything that the client says; this does not. */
function limitTime(
  { limits }: RepoService,
  { signal, response }: Exchange,
  git: Pick<GitProcess, 'end'>,
): NodeJS.Timeout {
  const stop = (): void => void git.end();
  signal.addEventListener('abort', stop, { once: true });
  return setTimeout(() => {
    stop();
    // a client that takes the rest byte by byte would be waited for
    if (response.headersSent) response.destroy();
  }, limits.transfer_seconds * 1000);
}

function receivedBytes({ pushes }: RepoService): number {
  return [...pushes].reduce((sum, { bytes }) => sum + bytes, 0);
}

function command(repo: RepoService, service: Service): string[] {
  return [
    service,
    '--stateless-rpc',
    ...(service === 'upload-pack' ? ['--strict', `--timeout=${repo.limits.transfer_seconds}`] : []),
  ];
}

async function ensureFresh({ mirror }: RepoService, signal: AbortSignal): Promise<void> {
  if (!mirror.isFresh(FRESH_MS)) await mirror.refresh(signal);
}

async function auditFetch(
  repo: RepoService,
  service: Service,
  denied: { readonly code: Parameters<typeof answerRefusal>[1]['code']; readonly reason: string } | null,
): Promise<void> {
  await repo.audit({
    action: service === 'upload-pack' ? 'fetch' : 'push',
    outcome: denied === null ? 'allowed' : 'denied',
    code: denied?.code ?? null,
    target: repo.repo.name,
    rule: denied === null ? null : 'refresh',
    details: denied === null ? {} : { reason: denied.reason },
  });
}

/** A push that git did not get to the end of. Nothing of it stays, whether this is recorded or not. */
async function auditUnread(repo: RepoService, bytes: number, { body }: GitStreamEnd): Promise<void> {
  // a client asks with an empty request whether it may push at all
  if (bytes <= 4) return;
  const isTooLarge = body === 'too-large' || bytes > repo.repo.push.max_bytes;
  const isBroken = body === 'gone' || body === 'idle';
  await repo.audit({
    action: 'push',
    outcome: isBroken ? 'failed' : 'denied',
    code: isBroken ? null : isTooLarge ? 'push_policy_size' : 'malformed_request',
    target: repo.repo.name,
    rule: 'gate',
    details: { bytes, body },
  });
}

/** Ends an answer according to how its request ended. */
function finish(exchange: Exchange, { body, sent, code }: GitStreamEnd): void {
  const { response, service } = exchange;
  if (body === 'idle' || body === 'gone') {
    response.destroy();
    return;
  }
  // A push whose report does not come would have the client's two programs wait for each other.
  if (sent > 0 && code === null && service === 'receive-pack') {
    response.end(fatalBand(['git-gate: the push was cut off; fetch to see what the upstream has']));
    linger(exchange);
    return;
  }
  if (sent > 0 && (body === 'complete' || body === 'unread')) response.end();
  else if (body === 'too-large')
    answerText(response, 413, ['git-gate: the request is larger than is allowed'], deny('push_policy_size'));
  else if (body === 'malformed' || code === 128)
    answerText(response, 400, ['git-gate: the request is not what git sends'], deny('malformed_request'));
  else if (code === 0) response.end();
  else answerText(response, 500, ['git-gate: git failed; see the log']);
  linger(exchange);
}

const deny = (code: string): Record<string, string> => ({ 'X-Bot-Bottle-Deny': code, Connection: 'close' });

/** What is left of a request that was answered early is read and dropped, for a moment only. */
function linger({ request }: Exchange): void {
  const { socket } = request;
  if (request.complete || socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  const end = (): void => clearTimeout(timer);
  request.once('end', end);
  socket.once('close', end);
  request.resume();
}
