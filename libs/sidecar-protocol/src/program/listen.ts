import { lstat, unlink } from 'node:fs/promises';
import type { Server } from 'node:net';
import { isIP } from 'node:net';
import { ProtocolError } from '../error.ts';

/** Where to listen, parsed. */
export type ListenAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

const unspecified = /^(?:0+(?:\.0+){0,3}|[0:]+|::ffff:0(?:\.0){3})$/;
const shape = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([A-Za-z0-9._-]{1,253})):(0|[1-9]\d{0,4})$/;
/** Resolvers read `0`, `0x7f.1` and the like as addresses (WHATWG URL, "ends in a number"). */
const endsInNumber = /(?:^|\.)(?:\d+|0[xX][0-9a-fA-F]*)\.?$/;

/**
 * Parses `host:port` (port 0: any free one) or `unix:/path`.
 *
 * @throws ProtocolError `invalid_address` for anything else, and for the unspecified address: a sidecar serves one
 *   bottle, never a whole network
 */
export function parseListen(text: string): ListenAddress {
  if (text.startsWith('unix:/') && !text.includes('\0'))
    return { kind: 'unix', path: text.slice('unix:'.length) };
  const [, v6, name, digits] = shape.exec(text) ?? [];
  const host = v6 ?? name ?? '';
  const port = Number(digits ?? '65536');
  const isAddress = v6 === undefined ? isIP(host) === 4 : isIP(host) === 6;
  if (port > 65_535 || (!isAddress && (v6 !== undefined || endsInNumber.test(host)))) {
    throw invalid('listen is neither host:port nor unix:/path');
  }
  if (isAddress && unspecified.test(host)) {
    throw invalid('listen is the unspecified address; name the one address that the bottle reaches');
  }
  return { kind: 'tcp', host, port };
}

/**
 * Starts listening and gives the address in the same notation.
 *
 * @throws ProtocolError `listen_failed`
 */
export async function listenOn(server: Server, address: ListenAddress): Promise<string> {
  if (address.kind === 'unix') await removeStale(address.path);
  await new Promise<void>((resolve, reject) => {
    const fail = () => reject(new ProtocolError('listen_failed', 'cannot listen on the configured address'));
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
  if (bound === null || typeof bound === 'string') throw new ProtocolError('listen_failed', 'not listening');
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

function invalid(problem: string): ProtocolError {
  return new ProtocolError('invalid_address', problem);
}
