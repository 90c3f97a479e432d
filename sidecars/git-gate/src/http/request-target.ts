export type Service = 'upload-pack' | 'receive-pack';

/** What a request is for; `repo` is a name that still has to be among the declared ones. */
export type Target =
  | { readonly kind: 'health' }
  | { readonly kind: 'info-refs' | 'rpc'; readonly repo: string; readonly service: Service }
  | { readonly kind: 'lfs'; readonly repo: string };

const name = '([A-Za-z0-9][A-Za-z0-9._-]{0,127})';
const infoRefs = new RegExp(`^/${name}\\.git/info/refs\\?service=git-(upload-pack|receive-pack)$`);
const rpc = new RegExp(`^/${name}\\.git/git-(upload-pack|receive-pack)$`);
// any method: git-lfs asks for locks with GET
const lfs = new RegExp(`^/${name}\\.git/info/lfs(?:/[\\x21-\\x7e]*)?$`);

/**
 * The smart HTTP requests of git (gitprotocol-http(5)) and nothing else. It looks at the path as it was sent: nothing
 * is decoded, normalised or resolved, so there is nothing to get around. Null: not found.
 */
export function parseTarget(method: string, path: string): Target | null {
  if (method === 'GET' && path === '/health') return { kind: 'health' };
  const [, lfsRepo] = lfs.exec(path) ?? [];
  if (lfsRepo !== undefined) return { kind: 'lfs', repo: lfsRepo };
  const kind = method === 'GET' ? 'info-refs' : 'rpc';
  const [, repo, service] = (method === 'GET' ? infoRefs : method === 'POST' ? rpc : null)?.exec(path) ?? [];
  if (repo === undefined || (service !== 'upload-pack' && service !== 'receive-pack')) return null;
  return { kind, repo, service };
}
