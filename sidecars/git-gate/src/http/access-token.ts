import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether `Authorization: Basic` (RFC 7617) carries the token as its password; null: none is asked for. */
export function hasAccess(authorization: string | undefined, token: string | null): boolean {
  if (token === null) return true;
  const [, encoded] = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization ?? '') ?? [];
  if (encoded === undefined) return false;
  const given = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = given.indexOf(':');
  return colon >= 0 && timingSafeEqual(digest(given.slice(colon + 1)), digest(token));
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
