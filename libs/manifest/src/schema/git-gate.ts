import { z } from 'zod';
import { checkApiUrl } from '../rules/api-url.ts';
import { finding } from '../rules/finding.ts';
import { checkHostKey } from '../rules/host-key.ts';
import { checkRepoName, repoNamePattern } from '../rules/repo-name.ts';
import { readSshUrl } from '../rules/ssh-url.ts';
import { checked } from './checked.ts';
import { hostEnvName, oneLine, size } from './scalars.ts';

const identityText = oneLine(256).regex(/^[^<>]*$/, { error: 'must not hold `<` or `>`' });

/** Author and committer of the agent's commits. */
export const gitUserSchema = checked(
  z.strictObject({
    name: identityText.optional().describe("`user.name` of the agent's commits."),
    email: identityText.optional().describe("`user.email` of the agent's commits."),
  }),
  (user) =>
    (user.name ?? '').trim() === '' && (user.email ?? '').trim() === ''
      ? finding('`name` or `email` must be given', 'remove `user` to leave both unset', 'missing_key')
      : null,
);

const branchGlob = oneLine(256)
  .min(1, { error: 'must not be empty' })
  .regex(/^(?!-)[^\s\\~^:?[\]]+$/, { error: 'this is not a branch glob; `*` and `**` are the wildcards' });

export const pushPolicySchema = z.strictObject({
  branches: z
    .array(branchGlob)
    .default(['**'])
    .describe('Globs of branches that the agent may create or update. `[]` allows none.'),
  protect_default: z
    .boolean()
    .default(true)
    .describe('Updating the default branch of the upstream needs approval.'),
  force: z.boolean().default(false).describe('Allow updates that are not fast-forward.'),
  delete: z.boolean().default(false).describe('Allow deleting branches.'),
  tags: z.boolean().default(false).describe('Allow pushing tags.'),
  approve: z
    .enum(['never', 'on_finding', 'always'])
    .default('on_finding')
    .describe('When a human is asked: `never` turns every question into a refusal.'),
  max_bytes: size.default('2GiB').describe('Largest push. Bytes, or text such as `512MiB`.'),
  protected_paths: z
    .array(oneLine(1024).min(1, { error: 'must not be empty' }))
    .optional()
    .describe(
      'Globs of paths that need approval. Absent: CI workflows, `.gitmodules`, `.gitattributes` filters and hooks folders. `[]` protects none.',
    ),
});

export const provisionedKeySchema = z.strictObject({
  provider: z.enum(['gitea', 'github', 'gitlab']).describe('Forge that registers the deploy key.'),
  token_ref: hostEnvName.describe('Host environment variable that holds the forge token.'),
  api_url: checked(oneLine(2048), checkApiUrl)
    .optional()
    .describe("Base URL of the forge's API. Absent: the public service, or the host of `url`."),
  read_only: z.boolean().default(false).describe('Register a key that can only fetch.'),
});

const repoShape = z.strictObject({
  url: checked(oneLine(2048), (url) => {
    const reading = readSshUrl(url);
    return reading.ok ? null : reading.finding;
  }).describe('Upstream: `ssh://user@host[:port]/path`.'),
  identity: oneLine(4096)
    .regex(/^(?:~?\/).+/, { error: 'must be an absolute path or start with `~/`' })
    .optional()
    .describe('Private key on the host. The bottle never sees it.'),
  provisioned_key: provisionedKeySchema
    .optional()
    .describe('A deploy key made for each launch, instead of `identity`.'),
  host_key: checked(z.string().max(8192), checkHostKey)
    .optional()
    .describe(
      'Host key of the upstream, `<type> <base64>` as in known_hosts. Without it the gate refuses to connect.',
    ),
  push: pushPolicySchema.prefault({}).describe('What the agent may push.'),
});

export const repoSchema = checked(repoShape, (repo) => {
  if (repo.identity !== undefined && repo.provisioned_key !== undefined) {
    return {
      ...finding('`identity` and `provisioned_key` exclude each other', 'keep one of them', 'conflict'),
      path: ['provisioned_key'],
      at: 'key',
    };
  }
  if (repo.identity === undefined && repo.provisioned_key === undefined) {
    return finding(
      '`identity` or `provisioned_key` must be given',
      'the gate needs a key to reach the upstream',
      'missing_key',
    );
  }
  return null;
});

const repoName = checked(z.string().regex(repoNamePattern, { error: 'invalid' }), checkRepoName);

export const gitGateSchema = z.strictObject({
  user: gitUserSchema.optional().describe('Git identity of the agent. It is claimed, not vouched for.'),
  repos: z
    .record(repoName, repoSchema)
    .optional()
    .describe('Repositories by local name. An explicit `{}` drops those of the parents.'),
});
