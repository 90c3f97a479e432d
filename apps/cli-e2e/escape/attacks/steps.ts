import type { Facts } from '../facts.ts';
import type { Step } from '../step.ts';

/** Matches a denial with one of these codes, in a header or in the body. */
export function code(...codes: readonly string[]): RegExp {
  return new RegExp(`(?:"code":"|x-bot-bottle-deny: )(?:${codes.join('|')})\\b`, 'i');
}

/** One request of curl for each URL; more of its arguments may stand before the URL. */
export function curl(...requests: readonly string[]): readonly Step[] {
  return requests.map((request) => ({ sh: `curl -sS -m 20 ${request}` }));
}

export interface TunnelOptions {
  /** name of the declared host, without `.e2e.test`; default api */
  readonly host?: string;
  readonly connect?: string;
  readonly sni?: string;
  readonly alpn?: readonly string[];
}

/** Bytes inside of a TLS tunnel through the proxy. */
export function tunnel(at: Facts, send: string, options: TunnelOptions = {}): Step {
  const name = `${options.host ?? 'api'}.e2e.test`;
  const { connect = `${name}:${at.port}`, sni = name, alpn } = options;
  return { raw: { connect, sni, send, ...(alpn === undefined ? {} : { alpn }) } };
}

/** Bytes to the proxy itself. */
export function plain(send: string): Step {
  return { raw: { send } };
}

/** A request with these header lines and a body, all as given. */
export function request(line: string, headers: readonly string[], body = ''): string {
  return [line, ...headers, '', body].join('\r\n');
}

/** Runs a module of Node.js in the bottle. */
export function node(source: string, limitMs?: number): Step {
  const sh = `node --input-type=module -e '${source.replaceAll("'", String.raw`'\''`)}'`;
  return limitMs === undefined ? { sh } : { sh, limitMs };
}

/** Tries to connect to each target, past the proxy; prints `reached` or why not. */
export function reach(targets: ReadonlyArray<{ host: string; port: number } | { path: string }>): Step {
  return node(`
import { connect } from 'node:net';
await Promise.all(${JSON.stringify(targets)}.map((to) => new Promise((resolve) => {
  const socket = connect(to);
  const say = (what) => { console.log(JSON.stringify(to), what); socket.destroy(); resolve(); };
  socket.setTimeout(1500, () => say('ETIMEDOUT'));
  socket.once('connect', () => say('reached'));
  socket.once('error', (error) => say(error.code ?? String(error)));
})));
process.exit();`);
}

/** No target of `reach` was reached: every line is an error. */
export const unreached = /^(?:.* E[A-Z]+\n)+\[exit 0\]$/;
