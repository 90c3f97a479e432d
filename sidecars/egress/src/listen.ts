import { lstat, unlink } from 'node:fs/promises';
import type { Server } from 'node:net';
import { isIP } from 'node:net';
import { parseAuthority } from '@bot-bottle/egress';
import { EgressServerError } from './errors.ts';

/** Where to listen, parsed. */
export type ListenAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

const unspecified = /^(?:0+(?:\.0+){0,3}|[0:]+|::ffff:0(?:\.0){3})$/;

/**
 * Parses `host:port` (port 0: any free one) or `unix:/path`. Throws `EgressServerError` for anything else, and for
 * the unspecified address: the proxy serves one bottle, never a whole network.
 */
export function parseListen(text: string): ListenAddress {
  if (text.startsWith('unix:/')) return { kind: 'unix', path: text.slice('unix:'.length) };
  const anyPort = /^(.+):0$/.exec(text)?.[1];
  const parsed = parseAuthority(anyPort === undefined ? text : `${anyPort}:1`, null);
  if (parsed === null) throw invalid('listen is neither host:port nor unix:/path');
  if (isIP(parsed.host) !== 0 && unspecified.test(parsed.host)) {
    throw invalid('listen is the unspecified address; name the one address that the bottle reaches');
  }
  return { kind: 'tcp', host: parsed.host, port: anyPort === undefined ? parsed.port : 0 };
}

/** Starts listening and gives the address in the same notation. */
export async function listenOn(server: Server, address: ListenAddress): Promise<string> {
  if (address.kind === 'unix') await removeStale(address.path);
  await new Promise<void>((resolve, reject) => {
    const fail = () =>
      reject(new EgressServerError('listen_failed', 'cannot listen on the configured address'));
    server.once('error', fail);
    const ready = () => {
      server.off('error', fail);
      resolve();
    };
    if (address.kind === 'unix') privately(() => server.listen(address.path, ready));
    else server.listen({ host: address.host, port: address.port, exclusive: true }, ready);
  });
  if (address.kind === 'unix') return `unix:${address.path}`;
  const bound = server.address();
  if (bound === null || typeof bound === 'string')
    throw new EgressServerError('listen_failed', 'not listening');
  return bound.family === 'IPv6' ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
}

/**
 * Binds with mode 0600 from the first moment on. A chmod afterwards would leave a gap, and a launcher may have given
 * the socket to the bottle's user by then.
 */
function privately(bind: () => void): void {
  const before = process.umask(0o177);
  try {
    bind();
  } finally {
    process.umask(before);
  }
}

/** A socket file of an earlier life is in the way; anything else there is not ours to remove. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found?.isSocket() === true) await unlink(path);
}

function invalid(problem: string): EgressServerError {
  return new EgressServerError('invalid_config', problem, [problem]);
}
