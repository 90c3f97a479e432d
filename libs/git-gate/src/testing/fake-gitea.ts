import { fingerprintOf } from '../deploy-keys/fingerprint.ts';
import {
  bareKey,
  fieldsOf,
  pageOf,
  type FakeKey,
  type FakeReply,
  type FakeRequest,
  type ForgeState,
} from './forge-state.ts';
import type { ForgeBehaviour } from './fake-forge.ts';

/**
 * As Gitea 1.2x and Forgejo answer: routers/api/v1/repo/key.go, services/context/api.go and
 * models/asymkey/ssh_key_deploy.go of https://github.com/go-gitea/gitea. No rate limit of its own; the one here is that
 * of nginx before it.
 */
export const fakeGitea: ForgeBehaviour = {
  base: '/api/v1',
  answer(request, state) {
    const refused = refusal(request, state);
    if (refused !== null) return refused;
    const [, owner = '', repo = '', id] =
      /^\/repos\/([^/]+)\/([^/]+)\/keys(?:\/(\d+))?$/.exec(request.path) ?? [];
    const path = `${decodeURIComponent(owner)}/${decodeURIComponent(repo)}`;
    const keys = state.keysOf(path);
    if (keys === undefined) return failure(request, 404, "The target couldn't be found.");
    if (!isAdmin(request, state)) {
      return failure(
        request,
        403,
        'user should be an owner or a collaborator with admin write of a repository',
      );
    }
    const link = `${request.origin}/api/v1/repos/${owner}/${repo}/keys/`;
    if (request.method === 'GET' && id === undefined) return list(request, keys, link);
    if (request.method === 'POST' && id === undefined) return create(request, state, keys, link);
    if (request.method === 'DELETE' && id !== undefined) {
      // It says 204 also for an id that nobody has.
      state.remove(keys, Number(id));
      return { status: 204 };
    }
    return failure(request, 404, 'not found');
  },
  limited: (seconds) => ({
    status: 429,
    headers: { 'retry-after': String(seconds), 'content-type': 'text/html' },
    body: '<html><head><title>429 Too Many Requests</title></head></html>',
  }),
};

const tokenOf = (request: FakeRequest): string | undefined =>
  /^(?:token|bearer) (.+)$/i.exec(request.headers['authorization'] ?? '')?.[1];
const isAdmin = (request: FakeRequest, state: ForgeState): boolean =>
  state.admins.has(tokenOf(request) ?? '');

function refusal(request: FakeRequest, state: ForgeState): FakeReply | null {
  const token = tokenOf(request);
  if (token === undefined) return failure(request, 401, 'token is required');
  if (state.admins.has(token) || state.readers.has(token)) return null;
  return failure(request, 401, 'invalid username, password or token');
}

const failure = (request: FakeRequest, status: number, message: string): FakeReply => ({
  status,
  body: { message, url: `${request.origin}/api/swagger` },
});

function list(request: FakeRequest, keys: readonly FakeKey[], link: string): FakeReply {
  const wanted = request.query.get('fingerprint') ?? '';
  const matching = wanted === '' ? keys : keys.filter((key) => fingerprintOf(key.key) === wanted);
  const page = pageOf(matching, request.query, 'limit', { default: 30, max: 50 });
  return {
    status: 200,
    headers: { 'x-total-count': String(page.total), 'access-control-expose-headers': 'X-Total-Count' },
    body: page.items.map((key) => shown(key, link)),
  };
}

function create(request: FakeRequest, state: ForgeState, keys: FakeKey[], link: string): FakeReply {
  const { title, key: text, read_only: readOnly } = fieldsOf(request.body);
  if (typeof title !== 'string' || title === '') return failure(request, 422, '[Title]: Required');
  if (typeof text !== 'string' || text === '') return failure(request, 422, '[Key]: Required');
  const key = bareKey(text);
  if (key === null) return failure(request, 422, 'Invalid key content: unable to parse key');
  if (keys.some((each) => each.key === key)) {
    return failure(request, 422, 'This key has already been added to this repository');
  }
  if (keys.some((each) => each.title === title)) {
    return failure(request, 422, 'A key with the same name already exists');
  }
  const added = state.add(keys, { title, key, readOnly: readOnly === true, expiresAt: null });
  return { status: 201, body: shown(added, link) };
}

const shown = (key: FakeKey, link: string): object => ({
  id: key.id,
  key_id: key.id + 5000,
  key: key.key,
  url: `${link}${key.id}`,
  title: key.title,
  fingerprint: fingerprintOf(key.key),
  created_at: key.createdAt.toISOString().replace(/\.\d+Z$/, 'Z'),
  read_only: key.readOnly,
});
