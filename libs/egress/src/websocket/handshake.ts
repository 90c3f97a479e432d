import { createHash } from 'node:crypto';
import { parseTokenList } from '../http1/header-fields.ts';
import type { HeaderField } from '../http1/request-head.ts';

/** RFC 6455 1.3 */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** What a server must answer to a `Sec-WebSocket-Key`. */
export function websocketAccept(key: string): string {
  return createHash('sha1')
    .update(key + ACCEPT_GUID)
    .digest('base64');
}

/**
 * Checks the head of a 101 as a client must (RFC 6455 4.1), given the fields of the request that was sent. Gives what is
 * wrong with it, null when it is good. No extension was offered, so none may be answered.
 */
export function handshakeProblem(
  sent: readonly HeaderField[],
  answered: readonly HeaderField[],
): string | null {
  const [upgrade, ...moreUpgrades] = valuesOf(answered, 'upgrade');
  if (moreUpgrades.length > 0 || upgrade?.toLowerCase() !== 'websocket') return 'another protocol';
  if (!valuesOf(answered, 'connection').some((value) => parseTokenList(value)?.includes('upgrade')))
    return 'no Connection: upgrade';
  const [accept, ...moreAccepts] = valuesOf(answered, 'sec-websocket-accept');
  const [key = ''] = valuesOf(sent, 'sec-websocket-key');
  if (moreAccepts.length > 0 || accept !== websocketAccept(key)) return 'a wrong Sec-WebSocket-Accept';
  if (valuesOf(answered, 'sec-websocket-extensions').length > 0) return 'an extension that was not offered';
  const [protocol, ...moreProtocols] = valuesOf(answered, 'sec-websocket-protocol');
  if (protocol === undefined) return null;
  const offered = valuesOf(sent, 'sec-websocket-protocol').flatMap((value) =>
    value.split(',').map((token) => token.trim()),
  );
  const isOffered = moreProtocols.length === 0 && protocol !== '' && offered.includes(protocol);
  return isOffered ? null : 'a subprotocol that was not offered';
}

function valuesOf(fields: readonly HeaderField[], name: string): string[] {
  return fields.filter(([given]) => given.toLowerCase() === name).map(([, value]) => value);
}
