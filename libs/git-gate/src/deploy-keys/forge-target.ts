import { visibleLine } from '@bot-bottle/audit';
import type { DeployKeyForge } from '@bot-bottle/manifest';
import { DeployKeyError } from './error.ts';
import { forges } from './forges.ts';

/** Where a deploy key is registered. It holds no secret. */
export interface ForgeTarget {
  readonly provider: DeployKeyForge;
  /** host of the repository's SSH URL */
  readonly host: string;
  /** base URL of the API; null: the forge's public service, or `host` */
  readonly apiUrl: string | null;
  /** path of the repository as in its SSH URL, e.g. `/owner/name.git` */
  readonly repoPath: string;
  /** name of the host variable that holds the token */
  readonly tokenRef: string;
}

/**
 * The URL under which the forge lists a repository's deploy keys.
 *
 * @throws DeployKeyError `invalid_target`
 */
export function keysUrl(target: ForgeTarget): URL {
  const forge = forges[target.provider];
  const segments = target.repoPath
    .replace(/\.git\/*$/, '')
    .split('/')
    .filter((segment) => segment !== '');
  const isPath = segments.every((segment) => !/^\.{1,2}$/.test(segment));
  if (!isPath || segments.length < 2 || (target.provider !== 'gitlab' && segments.length > 2)) {
    throw new DeployKeyError(
      'invalid_target',
      `${visibleLine(target.repoPath, 200)} is not the path of a repository at ${forge.label}`,
      { hint: 'a deploy key needs a URL that ends in /owner/name' },
    );
  }
  return new URL(apiBase(target) + forge.keysPath(segments));
}

/** The manifest checks `api_url` by the same rule; a record comes from a file, so it is checked again. */
function apiBase(target: ForgeTarget): string {
  const text = target.apiUrl ?? forges[target.provider].defaultBase(target.host);
  const url = URL.parse(text);
  const isLoopback = url !== null && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback);
  if (url === null || !isSafe || url.username + url.password + url.search + url.hash !== '') {
    throw new DeployKeyError(
      'invalid_target',
      "the URL of the forge's API must be an https URL without credentials or query",
      {
        hint: 'set `provisioned_key.api_url`; http is accepted for loopback only',
      },
    );
  }
  return url.href.replace(/\/+$/, '');
}
