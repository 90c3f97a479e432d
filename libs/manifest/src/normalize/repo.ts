import type { GitRepoManifest } from '../contracts.ts';
import { readSize } from '../rules/size.ts';
import { readSshUrl } from '../rules/ssh-url.ts';
import type { FoldedBottle } from '../compose/fold.ts';

type RepoInput = FoldedBottle['repos'] extends ReadonlyMap<string, { readonly value: infer R }> ? R : never;

/** Default of `push.max_bytes`, 2 GiB. */
const MAX_PUSH_BYTES = 2 * 1024 ** 3;

/** A validated repository in its normal form. */
export function normalizeRepo(name: string, repo: RepoInput): GitRepoManifest {
  const reading = readSshUrl(repo.url);
  if (!reading.ok) throw new TypeError('a repository must be validated before it is normalised');
  const { push } = repo;
  return {
    name,
    url: repo.url,
    ...reading.url,
    key: key(repo),
    hostKey: repo.host_key?.trim() ?? null,
    push: {
      branches: push.branches,
      protectDefault: push.protect_default,
      force: push.force,
      delete: push.delete,
      tags: push.tags,
      approve: push.approve,
      maxBytes: readSize(push.max_bytes) ?? MAX_PUSH_BYTES,
      protectedPaths: push.protected_paths ?? null,
    },
  };
}

function key(repo: RepoInput): GitRepoManifest['key'] {
  const provisioned = repo.provisioned_key;
  if (provisioned === undefined) return { kind: 'identity', path: repo.identity ?? '' };
  return {
    kind: 'provisioned',
    provider: provisioned.provider,
    tokenRef: provisioned.token_ref,
    apiUrl: provisioned.api_url ?? null,
    readOnly: provisioned.read_only,
  };
}
