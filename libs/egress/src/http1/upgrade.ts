import { refuse } from './request-head.ts';
import type { HeadRefusal } from './request-head.ts';

export interface UpgradeFields {
  readonly method: string;
  readonly version: '1.0' | '1.1';
  readonly hasBody: boolean;
  readonly connectionTokens: readonly string[];
  /** values of the Upgrade headers */
  readonly upgrade: readonly string[];
  readonly keys: readonly string[];
  readonly versions: readonly string[];
}

// RFC 6455 4.1: base64 of 16 bytes, whose last character before the padding carries only two bits.
const websocketKey = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

/** What the request asks to switch to; everything but a valid WebSocket handshake (RFC 6455 4.2.1) is refused. */
export function requestedUpgrade(fields: UpgradeFields): 'websocket' | null | HeadRefusal {
  const asks = fields.connectionTokens.includes('upgrade');
  if (fields.upgrade.length === 0) {
    return asks ? refuse('Connection: upgrade without an Upgrade header', 'upgrade_not_allowed') : null;
  }
  const valid =
    asks &&
    fields.method === 'GET' &&
    fields.version === '1.1' &&
    !fields.hasBody &&
    fields.upgrade.length === 1 &&
    fields.upgrade[0]?.toLowerCase() === 'websocket' &&
    fields.keys.length === 1 &&
    websocketKey.test(fields.keys[0] ?? '') &&
    fields.versions.length === 1 &&
    fields.versions[0] === '13';
  return valid ? 'websocket' : refuse('not a valid WebSocket handshake', 'upgrade_not_allowed');
}
