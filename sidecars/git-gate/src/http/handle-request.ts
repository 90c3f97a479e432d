import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DenialCode } from '@bot-bottle/audit';
import type { Log } from '@bot-bottle/sidecar-protocol/program';
import type { RepoService } from '../repo-service.ts';
import { hasAccess } from './access-token.ts';
import { answerRefusal, answerText } from './answer.ts';
import { checkBody } from './check-body.ts';
import { parseTarget } from './request-target.ts';
import type { Target } from './request-target.ts';
import { serveInfoRefs, serveReceivePack, serveUploadPack } from './serve-git.ts';

export interface HandlerOptions {
  readonly repos: ReadonlyMap<string, RepoService>;
  /** null: anybody who reaches the socket */
  readonly accessToken: () => string | null;
  readonly isDraining: () => boolean;
  readonly stopping: AbortSignal;
  readonly log: Log;
}

/** Answers one request; never rejects. */
export async function handleRequest(
  options: HandlerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await route(options, request, response);
  } catch (error) {
    options.log(0, {
      event: 'request_failed',
      name: error instanceof Error ? error.name : typeof error,
      at: error instanceof Error ? (error.stack ?? '').split('\n').slice(1, 4).join(' | ') : '',
    });
    answerText(response, 500, ['git-gate: an internal error; see the log']);
  }
}

async function route(
  options: HandlerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const target = parseTarget(request.method ?? '', request.url ?? '');
  if (target === null) return notFound(response);
  // says nothing of the bottle, and whoever watches over a container has no token
  if (target.kind === 'health') return answerText(response, 200, ['ok']);
  if (!hasAccess(request.headers.authorization, options.accessToken())) {
    const challenge = { 'WWW-Authenticate': 'Basic realm="bot-bottle"' };
    return answerText(response, 401, ['git-gate: only the bottle of this gate may use it'], challenge);
  }
  const repo = options.repos.get(target.repo);
  if (repo === undefined) return notFound(response);
  if (target.kind === 'lfs') return refuseLfs(response);
  if (options.isDraining())
    return answerRefusal(response, { code: 'shutting_down', lines: ['the git gate is stopping'] });
  if (repo.active >= repo.limits.requests_per_repo)
    return answerRefusal(response, {
      code: 'limit_exceeded',
      lines: [`${repo.active} requests are served for ${target.repo} already: try again`],
    });
  repo.active += 1;
  try {
    await serve(options, repo, target, request, response);
  } finally {
    repo.active -= 1;
  }
}

async function serve(
  { stopping }: HandlerOptions,
  repo: RepoService,
  { kind, service }: Extract<Target, { readonly service: unknown }>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, stopping]);
  const exchange = { request, response, service, signal };
  if (kind === 'info-refs') return await serveInfoRefs(repo, exchange);
  const body = checkBody(request, service, repo.repo.push.max_bytes);
  if ('status' in body) {
    const code = body.status === 413 ? 'push_policy_size' : 'malformed_request';
    if (service === 'receive-pack') await auditRefused(repo, code, body.why);
    return answerText(response, body.status, [`git-gate: ${body.why}`], {
      'X-Bot-Bottle-Deny': code,
      // what follows is not read
      Connection: 'close',
    });
  }
  await (service === 'upload-pack' ? serveUploadPack : serveReceivePack)(repo, exchange, body);
}

/** It is refused in any case, so it does not matter when that cannot be recorded. */
async function auditRefused(repo: RepoService, code: DenialCode, reason: string): Promise<void> {
  const event = { action: 'push', outcome: 'denied', code, target: repo.repo.name, rule: 'gate' } as const;
  await repo.audit({ ...event, details: { reason } }).catch(() => undefined);
}

function notFound(response: ServerResponse): void {
  answerText(response, 404, ['git-gate: not one of the repositories of this bottle']);
}

/** As git-lfs shows it: the batch API's error object (git-lfs, docs/api/batch.md, "Response Errors"). */
function refuseLfs(response: ServerResponse): void {
  const message = 'git-gate: Git LFS is not available through the gate; commit the files themselves';
  response.writeHead(403, {
    'Content-Type': 'application/vnd.git-lfs+json',
    'X-Bot-Bottle-Deny': 'push_policy_path',
    Connection: 'close',
  });
  response.end(`${JSON.stringify({ message })}\n`);
}
