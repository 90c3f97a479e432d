import { jwtClaims, jwtExpiry, type ProviderFileRef } from '@bot-bottle/providers';
import { BackendError } from '../errors.ts';
import { readHostFile } from './read-host-file.ts';

export type ReadHostFile = (path: string) => Promise<string | null>;

/** A secret as a vendor's file holds it at the moment. */
export interface ProviderFileValue {
  readonly value: string;
  /** null: it does not say */
  readonly expiresAt: Date | null;
}

/**
 * The secret that a reference names. A file that has become somebody else's login, or holds a token (RFC 7519) that has
 * expired, is refused.
 *
 * @throws BackendError `secret_unavailable`, with no value of the file in it
 */
export async function readProviderFile(
  ref: ProviderFileRef,
  { read = readHostFile, now }: { readonly read?: ReadHostFile | undefined; readonly now: Date },
): Promise<ProviderFileValue> {
  const unavailable = (what: string): BackendError =>
    new BackendError('secret_unavailable', `${ref.path} ${what}`, {
      hint: ref.remedy,
      data: { path: ref.path, pointer: ref.pointer },
    });
  const text = await read(ref.path);
  if (text === null) throw unavailable('is not there');
  const content = parsed(text);
  if (content === undefined) throw unavailable('is not JSON');
  for (const [pointer, expected] of Object.entries(ref.unchanged))
    if (at(content, pointer) !== expected)
      throw unavailable(`has another value at ${pointer} than at the launch`);
  const value = at(content, ref.pointer);
  if (typeof value !== 'string' || value === '') throw unavailable(`holds no text at ${ref.pointer}`);
  const claims = jwtClaims(value);
  const expiresAt = claims === null ? null : jwtExpiry(claims);
  if (expiresAt !== null && expiresAt <= now)
    throw unavailable(`holds a token at ${ref.pointer} that expired at ${expiresAt.toISOString()}`);
  return { value, expiresAt };
}

/** undefined: it is none. The parser's message quotes the text, so it is not kept. */
function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

/** What an RFC 6901 pointer leads to, undefined when it leads nowhere. */
function at(content: unknown, pointer: string): unknown {
  let value = content;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? Reflect.get(value, key)
        : undefined;
  }
  return value;
}
