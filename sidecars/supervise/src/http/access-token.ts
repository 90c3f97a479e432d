import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether `Authorization: Bearer` (RFC 6750) carries the token; null: none is asked for. */
export function hasAccess(authorization: string | undefined, token: string | null): boolean {
  if (token === null) return true;
  const [, given] = /^bearer +(\S+) *$/i.exec(authorization ?? '') ?? [];
  return given !== undefined && timingSafeEqual(digest(given), digest(token));
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
