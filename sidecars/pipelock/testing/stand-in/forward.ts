import { readFileSync } from 'node:fs';
import { type IncomingMessage, request as requestHttp, type ServerResponse } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Config } from './load-config.ts';
import { addressOf, type Blocked, contentBlocked, hostBlocked } from './policy.ts';

export function answerBlocked(response: ServerResponse, { reason, text }: Blocked): void {
  response.writeHead(403, { 'X-Pipelock-Block-Reason': reason, 'Content-Type': 'text/plain' });
  response.end(`blocked: ${text}\n`);
}

const roots = (): string | undefined => {
  const file = process.env['SSL_CERT_FILE'];
  return file === undefined ? undefined : readFileSync(file, 'utf8');
};

/** Reads a whole request, scans it, and sends it on when nothing is found. */
export async function forward(
  config: Config,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const { headers } = request;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const blocked =
    hostBlocked(config, host) ?? contentBlocked(config, { url, headers, body: body.toString('latin1') });
  if (blocked !== null && config.enforce) return answerBlocked(response, blocked);
  const address = await addressOf(config, host);
  if (typeof address !== 'string') return answerBlocked(response, address);
  const tls = url.protocol === 'https:';
  const kept = Object.fromEntries(
    Object.entries(headers).filter(([name]) => name !== 'proxy-connection' && name !== 'transfer-encoding'),
  );
  const onward = (tls ? requestHttps : requestHttp)({
    host: address,
    port: url.port === '' ? (tls ? 443 : 80) : Number(url.port),
    servername: host,
    ...(tls ? { ca: roots() } : {}),
    method: request.method,
    path: `${url.pathname}${url.search}`,
    headers: { ...kept, ...(body.length > 0 ? { 'content-length': String(body.length) } : {}) },
  });
  onward.once('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.once('error', () => {
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end('upstream error\n');
  });
  onward.end(body);
}
