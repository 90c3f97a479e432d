import { DeployKeyError, type DeployKeyErrorCode } from './error.ts';
import type { ForgeResponse } from './forge-request.ts';
import type { ForgeTarget } from './forge-target.ts';
import { forges } from './forges.ts';
import { serverText } from './server-text.ts';
import type { Show } from './shower.ts';

/** GitHub: «key is already in use», Gitea: «has already been added», «same name already exists», GitLab: «has already been taken». */
const inUse = /already (?:in use|exists|been (?:added|taken))|has been used/i;

/** The error for a response that is no success: what the forge said, and what to do. */
export function forgeFailure(response: ForgeResponse, target: ForgeTarget, show: Show): DeployKeyError {
  const { tokenRef, repoPath, provider } = target;
  const { label, permission } = forges[provider];
  const { status } = response;
  const said = show(serverText(response.text));
  const answer = said === '' ? `HTTP ${status}` : `HTTP ${status}: ${said}`;
  const failure = (code: DeployKeyErrorCode, text: string, hint: string): DeployKeyError =>
    new DeployKeyError(code, `${label}: ${text} (${answer})`, { hint });
  if (status === 401) {
    return failure(
      'unauthorized',
      `the token in ${tokenRef} is not accepted`,
      `put a valid token into ${tokenRef}`,
    );
  }
  if (status === 403) {
    return failure(
      'forbidden',
      `the token in ${tokenRef} may not manage deploy keys of ${repoPath}`,
      `it must be allowed to ${permission}`,
    );
  }
  if (status === 404) {
    return failure(
      'not_found',
      `there is no repository ${repoPath}, or the token in ${tokenRef} cannot see it`,
      `check the \`url\`; the token must be allowed to ${permission}`,
    );
  }
  if (status >= 500) return failure('server_failed', 'the server failed', 'try again later');
  return inUse.test(said)
    ? failure(
        'key_in_use',
        `a deploy key of ${repoPath} is in use already`,
        'run `bot-bottle cleanup`, then try again',
      )
    : failure(
        'refused',
        `the request about ${repoPath} was refused; ${tokenRef} was accepted`,
        'see what the forge says',
      );
}
