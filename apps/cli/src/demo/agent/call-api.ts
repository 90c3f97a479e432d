import { request, type IncomingMessage } from 'node:http';
import { connect, type TLSSocket } from 'node:tls';
import type { ApiAnswer } from '../agent-report.ts';

const LIMIT_MS = 10_000;

/** One request of the agent, by the proxy of its environment, as any client makes it. */
export async function callApi(
  host: string,
  port: number,
  method: string,
  path: string,
  body?: string,
): Promise<ApiAnswer> {
  try {
    const secure = await tunnel(host, port);
    const sent = request({
      createConnection: () => secure,
      method,
      path,
      host,
      port,
      headers: { connection: 'close' },
    });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      sent.once('response', resolve).once('error', reject);
    });
    sent.end(body);
    const response = await answered;
    let text = '';
    for await (const chunk of response) text += String(chunk);
    const deny = response.headers['x-bot-bottle-deny'];
    return {
      status: response.statusCode ?? null,
      deny: typeof deny === 'string' ? deny : null,
      headers: JSON.stringify(response.headers),
      body: text.slice(0, 4000),
      error: null,
    };
  } catch (error) {
    return { status: null, deny: null, headers: '', body: '', error: messageOf(error) };
  }
}

/** The code of a failed system call, else its message. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown failure';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

async function tunnel(host: string, port: number): Promise<TLSSocket> {
  const proxy = new URL(process.env['HTTPS_PROXY'] ?? '');
  const target = `${host}:${port}`;
  const asked = request({
    host: proxy.hostname,
    port: proxy.port,
    method: 'CONNECT',
    path: target,
    headers: { host: target },
  });
  asked.setTimeout(LIMIT_MS, () => asked.destroy(new Error('timeout')));
  return await new Promise((resolve, reject) => {
    asked.once('error', reject).once('connect', (response, socket) => {
      if (response.statusCode !== 200) {
        reject(new Error(`CONNECT ${response.statusCode ?? ''}`));
        return;
      }
      const secure = connect({ socket, servername: host }, () => resolve(secure));
      secure.once('error', reject);
    });
    asked.end();
  });
}
