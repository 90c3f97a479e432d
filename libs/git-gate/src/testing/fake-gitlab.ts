import { fingerprintOf } from '../deploy-keys/fingerprint.ts';
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

/**
 * As GitLab answers: https://docs.gitlab.com/api/deploy_keys/, https://docs.gitlab.com/api/rest/ and
 * lib/api/deploy_keys.rb of its source; the 400 as quoted in https://github.com/gitlabform/gitlabform/issues/305.
 */
export const fakeGitlab: ForgeBehaviour = {
  base: '/api/v4',
  answer(request, state) {
    const [, bearer] = /^bearer (.+)$/i.exec(request.headers['authorization'] ?? '') ?? [];
    const token = request.headers['private-token'] ?? bearer ?? '';
    if (!state.admins.has(token) && !state.readers.has(token)) return failure(401, '401 Unauthorized');
    // A path that is not encoded names another route.
    const [, project = '', id] = /^\/projects\/([^/]+)\/deploy_keys(?:\/(\d+))?$/.exec(request.path) ?? [];
    if (project === '') return { status: 404, body: { error: '404 Not Found' } };
    const keys = state.keysOf(decodeURIComponent(project));
    if (keys === undefined) return failure(404, '404 Project Not Found');
    if (!state.admins.has(token)) return failure(403, '403 Forbidden');
    if (request.method === 'GET' && id === undefined) return list(request, keys, project);
    if (request.method === 'POST' && id === undefined) return create(request, state, keys);
    if (request.method === 'DELETE' && id !== undefined) {
      return state.remove(keys, Number(id)) ? { status: 204 } : failure(404, '404 Deploy Key Not Found');
    }
    return { status: 405, body: { error: '405 Not Allowed' } };
  },
  limited: (seconds) => ({
    status: 429,
    headers: {
      'content-type': 'text/plain',
      'retry-after': String(seconds),
      'ratelimit-limit': '60',
      'ratelimit-name': 'throttle_authenticated_api',
      'ratelimit-observed': '67',
      'ratelimit-remaining': '0',
      'ratelimit-reset': String(Math.floor(Date.now() / 1000) + seconds),
    },
    body: 'Retry later\n',
  }),
};

const failure = (status: number, message: unknown): FakeReply => ({ status, body: { message } });

function list(request: FakeRequest, keys: readonly FakeKey[], project: string): FakeReply {
  const page = pageOf(keys, request.query, 'per_page', { default: 20, max: 100 });
  const url = `${request.origin}/api/v4/projects/${project}/deploy_keys`;
  const link = linkHeader(url, request.query, page.page, page.last);
  return {
    status: 200,
    headers: {
      ...(link && { link }),
      'x-next-page': page.page < page.last ? String(page.page + 1) : '',
      'x-page': String(page.page),
      'x-per-page': String(page.size),
      'x-prev-page': page.page > 1 ? String(page.page - 1) : '',
      'x-total': String(page.total),
      'x-total-pages': String(page.last),
    },
    body: page.items.map(shown),
  };
}

function create(request: FakeRequest, state: ForgeState, keys: FakeKey[]): FakeReply {
  const { title, key: text, can_push: canPush, expires_at: expiry } = fieldsOf(request.body);
  const missing = Object.entries({ key: text, title }).filter(([, value]) => typeof value !== 'string');
  if (typeof text !== 'string' || typeof title !== 'string') {
    return { status: 400, body: { error: missing.map(([name]) => `${name} is missing`).join(', ') } };
  }
  const key = bareKey(text);
  if (key === null) return failure(400, { 'deploy_key.key': ['is invalid'] });
  const expiresAt = typeof expiry === 'string' ? new Date(expiry) : null;
  if (expiresAt !== null && Number.isNaN(expiresAt.getTime())) {
    return { status: 400, body: { error: 'expires_at is invalid' } };
  }
  // A key that the project has already is returned, not refused.
  const present = keys.find((each) => each.key === key);
  if (present !== undefined) return { status: 201, body: shown(present) };
  if (state.hasKey(key)) {
    return failure(400, { 'deploy_key.fingerprint_sha256': ['has already been taken'] });
  }
  const added = state.add(keys, { title, key, readOnly: canPush !== true, expiresAt });
  return { status: 201, body: shown(added) };
}

const shown = (key: FakeKey): object => ({
  id: key.id,
  title: key.title,
  created_at: key.createdAt.toISOString(),
  expires_at: key.expiresAt?.toISOString() ?? null,
  key: key.key,
  fingerprint: null,
  fingerprint_sha256: fingerprintOf(key.key),
  can_push: !key.readOnly,
});
