import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuditEvent } from '@bot-bottle/audit';
import type { SuperviseConfig } from '@bot-bottle/supervise';
import { within } from '../limits/within.ts';
import type { Slots } from '../limits/slots.ts';
import { hasAccess } from './access-token.ts';
import { answerHealth, answerRefusal } from './answer.ts';
import type { Refusal } from './answer.ts';
import { isSameOrigin, knownHost } from './known-host.ts';
import { readBody } from './read-body.ts';
import { readJson } from './read-json.ts';
import { sendResponse } from './send-response.ts';

/** MCP as a function from requests to responses, loaded when the first request comes. */
export type LoadMcp = () => Promise<{
  readonly fetch: (request: Request, options: { readonly parsedBody: unknown }) => Promise<Response>;
}>;

export interface HandlerOptions {
  readonly config: Pick<SuperviseConfig, 'hosts' | 'limits'>;
  /** null: anybody who reaches the socket */
  readonly accessToken: () => string | null;
  readonly isDraining: () => boolean;
  /** requests that are served at a time */
  readonly requests: Slots;
  readonly mcp: LoadMcp;
  readonly audit: (event: AuditEvent) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** Milliseconds that the record of a refused client may take; it is refused in any case. */
const AUDIT_MS = 1000;

/** Answers one request; never rejects. */
export async function handleRequest(
  options: HandlerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const free = options.requests.take();
  try {
    const refusal =
      free === null
        ? { status: 429, message: 'too many requests at a time', deny: 'limit_exceeded' as const }
        : await serve(options, request, response);
    if (refusal !== null) answerRefusal(response, refusal);
  } catch (error) {
    options.onError(error);
    answerRefusal(response, { status: 500, rpc: -32_603, message: 'internal error; see the log' });
  } finally {
    free?.();
  }
}

/** null: it is answered */
async function serve(
  options: HandlerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Refusal | null> {
  const { config, accessToken, isDraining } = options;
  const host = knownHost(request, config.hosts);
  if (host === null) return await refused(options, 403, 'host', 'this server is not known by that name');
  if (!isSameOrigin(request.headers.origin, host))
    return await refused(options, 403, 'origin', 'web pages may not use this server');
  const [path] = (request.url ?? '').split('?');
  const { method } = request;
  if (path === '/health' && (method === 'GET' || method === 'HEAD')) {
    answerHealth(response);
    return null;
  }
  if (!hasAccess(request.headers.authorization, accessToken()))
    return await refused(options, 401, 'token', 'only the bottle of this server may use it');
  if (path !== '/' && path !== '/mcp') return { status: 404, message: 'MCP is served at / and /mcp' };
  // There is no session to listen to or to end (MCP 2025-11-25, Streamable HTTP).
  if (method !== 'POST') return { status: 405, message: 'only POST', headers: { Allow: 'POST' } };
  if (isDraining()) return { status: 503, message: 'the server is stopping', deny: 'shutting_down' };
  const read = await readBody(request, config.limits.body_bytes);
  if ('problem' in read) {
    return read.problem === 'too_large'
      ? {
          status: 413,
          message: `a body has at most ${config.limits.body_bytes} bytes`,
          deny: 'limit_exceeded',
        }
      : { status: 400, message: 'the body ended early', deny: 'malformed_request' };
  }
  const json = readJson(read.body);
  if ('problem' in json) {
    const rpc = json.problem === 'parse' ? -32_700 : -32_600;
    return { status: 400, rpc, message: json.why, deny: 'malformed_request' };
  }
  await answerMcp(options, request, response, json.value);
  return null;
}

async function answerMcp(
  { mcp, config }: HandlerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  parsedBody: unknown,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  if (response.destroyed) gone.abort();
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers))
    if (typeof value === 'string' && !name.startsWith(':')) headers.set(name, value);
  const { fetch } = await mcp();
  const asked = new Request('http://supervise/', { method: 'POST', headers, signal: gone.signal });
  await sendResponse(response, await fetch(asked, { parsedBody }), config.limits.idle_ms);
}

async function refused(
  { audit }: HandlerOptions,
  status: 401 | 403,
  reason: 'host' | 'origin' | 'token',
  message: string,
): Promise<Refusal> {
  const event: AuditEvent = {
    layer: 'supervise',
    action: 'request',
    outcome: 'denied',
    code: 'access_denied',
    target: 'mcp',
    rule: reason,
    details: {},
  };
  await within(audit(event), AUDIT_MS, () => undefined).catch(() => undefined);
  const headers = status === 401 ? { 'WWW-Authenticate': 'Bearer realm="bot-bottle"' } : {};
  return { status, message, deny: 'access_denied', headers };
}
