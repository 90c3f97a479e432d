import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHead } from '@bot-bottle/egress';

/** Whether a request to the proxy carries the bottle's access token; true when none is set. */
export function hasAccess(head: RequestHead, token: string | null): boolean {
  if (token === null) return true;
  const values = head.headers.filter(([name]) => name.toLowerCase() === 'proxy-authorization');
  const [only] = values;
  if (only === undefined || values.length > 1) return false;
  const match = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(only[1]);
  if (match?.[1] === undefined) return false;
  const pair = Buffer.from(match[1], 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  const password = colon < 0 ? '' : pair.slice(colon + 1);
  return equal(password, token);
}

function equal(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
