import type { ForgeBehaviour } from './fake-forge.ts';
import {
  bareKey,
  fieldsOf,
  linkHeader,
  pageOf,
  type FakeKey,
  type FakeReply,
  type FakeRequest,
  type ForgeState,
} from './forge-state.ts';

const docs = 'https://docs.github.com/rest';

/**
 * As GitHub answers: https://docs.github.com/en/rest/deploy-keys/deploy-keys, .../authentication/…,
 * .../using-the-rest-api/{rate-limits,using-pagination,troubleshooting}…; the 422 as quoted in
 * https://github.com/ansible-collections/community.general/issues/6718. Based at `/api/v3` like an Enterprise Server.
 */
export const fakeGithub: ForgeBehaviour = {
  base: '/api/v3',
  answer(request, state) {
    const reply = answer(request, state);
    return { ...reply, headers: { ...quota(4999), 'x-github-media-type': 'github.v3', ...reply.headers } };
  },
  /** `seconds` for the secondary limit; the primary one says when it ends. */
  limited: (seconds, kind) =>
    kind === 'secondary'
      ? {
          ...failure(
            403,
            'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
          ),
          headers: { ...quota(4000), 'retry-after': String(seconds) },
        }
      : {
          ...failure(
            403,
            'API rate limit exceeded for user ID 1. If you reach out to GitHub Support for help, …',
          ),
          headers: quota(0, seconds),
        },
};

function quota(remaining: number, resetInSeconds = 3600): Record<string, string> {
  return {
    'x-ratelimit-limit': '5000',
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-used': String(5000 - remaining),
    'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + resetInSeconds),
    'x-ratelimit-resource': 'core',
  };
}

function failure(status: number, message: string, errors?: readonly object[]): FakeReply {
  return {
    status,
    body: { message, ...(errors && { errors }), documentation_url: docs, status: String(status) },
  };
}

function answer(request: FakeRequest, state: ForgeState): FakeReply {
  if (request.headers['user-agent'] === undefined) {
    return {
      status: 403,
      body: 'Request forbidden by administrative rules. Please make sure your request has a User-Agent header.',
    };
  }
  const [, token] = /^(?:bearer|token) (.+)$/i.exec(request.headers['authorization'] ?? '') ?? [];
  if (token === undefined) return failure(401, 'Requires authentication');
  if (!state.admins.has(token) && !state.readers.has(token)) return failure(401, 'Bad credentials');
  const [, owner = '', repo = '', id] =
    /^\/repos\/([^/]+)\/([^/]+)\/keys(?:\/(\d+))?$/.exec(request.path) ?? [];
  const keys = state.keysOf(`${decodeURIComponent(owner)}/${decodeURIComponent(repo)}`);
  if (keys === undefined) return failure(404, 'Not Found');
  if (!state.admins.has(token)) return failure(403, 'Resource not accessible by personal access token');
  const url = `${request.origin}/api/v3/repos/${owner}/${repo}/keys`;
  if (request.method === 'GET' && id === undefined) {
    const page = pageOf(keys, request.query, 'per_page', { default: 30, max: 100 });
    const link = linkHeader(url, request.query, page.page, page.last);
    return {
      status: 200,
      ...(link && { headers: { link } }),
      body: page.items.map((key) => shown(key, url)),
    };
  }
  if (request.method === 'POST' && id === undefined) return create(request, state, keys, url);
  if (request.method === 'DELETE' && id !== undefined) {
    return state.remove(keys, Number(id)) ? { status: 204 } : failure(404, 'Not Found');
  }
  return failure(404, 'Not Found');
}

function create(request: FakeRequest, state: ForgeState, keys: FakeKey[], url: string): FakeReply {
  const { title, key: text, read_only: readOnly } = fieldsOf(request.body);
  const invalid = (message: string): FakeReply =>
    failure(422, 'Validation Failed', [{ resource: 'PublicKey', code: 'custom', field: 'key', message }]);
  if (typeof text !== 'string') return failure(422, 'Invalid request.\n\n"key" wasn\'t supplied.');
  const key = bareKey(text);
  if (key === null) return invalid('key is invalid. You must supply a key in OpenSSH public key format');
  // A key belongs to one repository of all of GitHub; titles may repeat.
  if (state.hasKey(key)) return invalid('key is already in use');
  const name = typeof title === 'string' ? title : key.slice(0, 20);
  const added = state.add(keys, { title: name, key, readOnly: readOnly === true, expiresAt: null });
  return { status: 201, headers: { location: `${url}/${added.id}` }, body: shown(added, url) };
}

const shown = (key: FakeKey, url: string): object => ({
  id: key.id,
  key: key.key,
  url: `${url}/${key.id}`,
  title: key.title,
  verified: true,
  created_at: key.createdAt.toISOString().replace(/\.\d+Z$/, 'Z'),
  read_only: key.readOnly,
  added_by: 'octocat',
  last_used: null,
  enabled: true,
});
