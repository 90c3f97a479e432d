import type { RouteAuth } from '../contracts.ts';
import { EgressError } from '../errors.ts';
import type { HeaderField } from '../http1/request-head.ts';
import { requestField } from './request-field.ts';

// RFC 9110 5.5 without blanks at the ends; anything else would end or change the field.
const sendable = /^[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/;

/**
 * The field that carries a credential.
 *
 * @throws EgressError `invalid_secret`, naming the slot only, for a secret that is empty, holds a control character
 *   (a line break above all) or a character that a header cannot carry, or begins or ends with a blank
 */
export function composeCredential(auth: RouteAuth, secret: string): HeaderField {
  // Basic hides the secret in base64, where a line break is harmless on the wire but never meant.
  if (!sendable.test(secret)) {
    const message = `the secret in slot ${auth.slot} cannot be sent: it is empty or has line breaks, controls or outer blanks`;
    throw new EgressError('invalid_secret', message, { data: { slot: auth.slot } });
  }
  const name = auth.header ?? 'Authorization';
  switch (auth.scheme) {
    case 'Bearer':
      return [name, `Bearer ${secret}`];
    case 'token':
      return [name, `token ${secret}`];
    case 'basic':
      return [name, `Basic ${Buffer.from(`${auth.username ?? ''}:${secret}`).toString('base64')}`];
    case 'header':
      return [name, secret];
  }
}

/**
 * Adds the credential as the last field; every other field of the same name goes.
 *
 * @throws EgressError `invalid_secret`
 */
export function injectCredential(
  headers: readonly HeaderField[],
  auth: RouteAuth,
  secret: string,
): HeaderField[] {
  const field = composeCredential(auth, secret);
  const { key } = requestField(field[0]);
  return [...headers.filter(([name]) => requestField(name).key !== key), field];
}
