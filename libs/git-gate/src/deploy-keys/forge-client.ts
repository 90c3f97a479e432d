import { z } from 'zod';
import { checkToken } from './check-token.ts';
import { DeployKeyError } from './error.ts';
import { fingerprintOf } from './fingerprint.ts';
import { forgeFailure } from './forge-failure.ts';
import { isLastPage } from './is-last-page.ts';
import { parseBody } from './parse-body.ts';
import { forgeRequest, pause, type ForgeResponse, type RequestOptions } from './forge-request.ts';
import { keysUrl, type ForgeTarget } from './forge-target.ts';
import { forges, type NewDeployKey } from './forges.ts';
import { shower } from './shower.ts';

/** Most pages of keys that are read, of 50 (Gitea) or 100 keys. */
export const MAX_PAGES = 50;
/** When a key is looked for after a POST whose outcome is unknown: waits before each look, in milliseconds. */
const LOOK_WAITS_MS = [1000, 3000, 8000] as const;

/** Only ids are indispensable: one odd key of somebody else must not hide ours. */
const registeredKey = z.object({
  id: z.int().positive(),
  title: z.string().catch(''),
  key: z.string().catch(''),
});
const registeredKeys = z.array(registeredKey);

/** What identifies a key of ours at a forge. */
export interface KeyIdentity {
  readonly title: string;
  readonly fingerprint: string;
}

export interface ForgeClientOptions extends ForgeTarget, RequestOptions {
  /** the forge token; it stays inside the client */
  readonly token: string;
}

/** Deploy keys of one repository at one forge. */
export interface ForgeClient {
  readonly target: ForgeTarget;
  /**
   * Registers a key. A POST whose outcome is unknown is resolved by looking for the key.
   *
   * @throws DeployKeyError with `nothingDone` when the forge certainly has no such key; else it may have
   */
  create(key: NewDeployKey): Promise<{ readonly id: number }>;
  /** Removes a key; false when the forge has none of that id. @throws DeployKeyError */
  remove(id: number): Promise<boolean>;
  /**
   * The id of a key by its fingerprint, or by its title where the forge shows no readable key. Null only when every
   * page was read. A key of somebody else that carries our title is not taken for ours.
   *
   * @throws DeployKeyError
   */
  find(key: KeyIdentity): Promise<number | null>;
}

/**
 * A client for Gitea, Forgejo, GitHub or GitLab. No error, and nothing else it gives away, holds the token.
 *
 * @throws DeployKeyError `invalid_target`, `token_missing`, `token_invalid`
 */
export function forgeClient(options: ForgeClientOptions): ForgeClient {
  const { token, provider, host, apiUrl, repoPath, tokenRef } = options;
  const target: ForgeTarget = { provider, host, apiUrl, repoPath, tokenRef };
  const forge = forges[provider];
  const url = keysUrl(target);
  checkToken(token, tokenRef);
  const show = shower(token);

  const request = async (method: 'GET' | 'POST' | 'DELETE', to: URL, body?: object): Promise<ForgeResponse> =>
    await forgeRequest(
      {
        method,
        url: to,
        show,
        headers: {
          ...forge.headers(token),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      },
      options,
    );
  const read = <T>(response: ForgeResponse, schema: z.ZodType<T>): T => {
    if (response.status < 200 || response.status > 299) throw forgeFailure(response, target, show);
    return parseBody(response, schema, url.host, show);
  };

  async function find({ title, fingerprint }: KeyIdentity): Promise<number | null> {
    const seen = new Set<number>();
    let titled: number | null = null;
    for (let page = 1; page <= MAX_PAGES; page += 1) {
      // The page is counted here: a `next` link could lead the token to another host.
      const response = await request('GET', new URL(`${url.href}?${forge.pageQuery(page)}`));
      const keys = read(response, registeredKeys);
      const known = seen.size;
      for (const key of keys) {
        const own = fingerprintOf(key.key);
        if (own === fingerprint) return key.id;
        if (own === null && key.title === title) titled ??= key.id;
        seen.add(key.id);
      }
      if (seen.size === known || isLastPage(response.headers, seen.size)) return titled;
    }
    throw new DeployKeyError(
      'too_many_keys',
      `${repoPath} has more deploy keys than are read at ${url.host}`,
      {
        hint: `remove keys that nobody uses, then the one titled ${title}`,
      },
    );
  }

  async function create(key: NewDeployKey): Promise<{ readonly id: number }> {
    const fingerprint = fingerprintOf(key.publicKey);
    if (fingerprint === null) throw new TypeError('not a line of a public key');
    try {
      const made = read(await request('POST', url, forge.createBody(key)), registeredKey);
      if (fingerprintOf(made.key) === fingerprint) return { id: made.id };
      throw new DeployKeyError('invalid_response', `${url.host} answered with another key than the one sent`);
    } catch (error) {
      const id = await afterUnknown(error, { title: key.title, fingerprint });
      if (id === null) throw error;
      return { id };
    }
  }

  async function afterUnknown(error: unknown, key: KeyIdentity): Promise<number | null> {
    if (!DeployKeyError.isInstance(error) || error.nothingDone || error.code === 'aborted') return null;
    for (const ms of LOOK_WAITS_MS) {
      try {
        await pause(ms, url.host, options);
        const id = await find(key);
        if (id !== null) return id;
      } catch {
        return null;
      }
    }
    return null;
  }

  async function remove(id: number): Promise<boolean> {
    const response = await request('DELETE', new URL(`${url.href}/${id}`));
    if (response.status === 404) return false;
    if (response.status < 200 || response.status > 299) throw forgeFailure(response, target, show);
    return true;
  }

  return { target, create, remove, find };
}
