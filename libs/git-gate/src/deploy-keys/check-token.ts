import { DeployKeyError } from './error.ts';

/**
 * Refuses what no forge gives as a token: fetch would quote a value that is no header value in its error.
 *
 * @throws DeployKeyError `token_missing`, `token_invalid`
 */
export function checkToken(token: string, tokenRef: string): void {
  if (token === '') {
    throw new DeployKeyError('token_missing', `the forge token is missing: ${tokenRef} is not set or empty`, {
      hint: `set ${tokenRef} in the environment of bot-bottle`,
    });
  }
  if (!/^[\x21-\x7e]{1,4096}$/.test(token)) {
    throw new DeployKeyError('token_invalid', `the value of ${tokenRef} is not a token`, {
      hint: 'it must be one line of printable ASCII without spaces',
    });
  }
}
