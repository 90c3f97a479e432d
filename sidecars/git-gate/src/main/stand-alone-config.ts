import { pushPolicySchema, repoName } from '@bot-bottle/git-gate';
import type { GateRepo } from '@bot-bottle/git-gate';
import { z } from 'zod';

/** What a manifest means that says nothing. */
const policyDefaults: GateRepo['push'] = {
  branches: ['**'],
  protect_default: true,
  force: false,
  delete: false,
  tags: false,
  approve: 'on_finding',
  max_bytes: 2 * 1024 ** 3,
  protected_paths: null,
};

const repoSchema = z.strictObject({
  url: z
    .string()
    .regex(/^ssh:\/\/[^@/:]+@(?:\[[0-9A-Fa-f:.]+\]|[^@/:]+)(?::\d{1,5})?\/.+$/, {
      error: 'is not ssh://user@host[:port]/path',
    })
    .describe('upstream'),
  identity: z.string().min(1).describe('file with the private key'),
  host_key: z.string().min(1).describe('known_hosts key material, e.g. `ssh-ed25519 AAAA…`'),
  push: pushPolicySchema.partial().prefault({}).describe('what may be pushed; a manifest has the same keys'),
});

/** The file that GIT_GATE_CONFIG names. */
export const standAloneSchema = z.strictObject({
  repos: z
    .record(repoName, repoSchema)
    .refine((repos) => Object.keys(repos).length > 0, { error: 'names no repository' }),
});
export type StandAloneFile = z.infer<typeof standAloneSchema>;

/** Entries of the configuration, and the key file of each slot. */
export function standAloneRepos({ repos }: StandAloneFile): {
  readonly repos: GateRepo[];
  readonly identities: ReadonlyMap<string, string>;
} {
  const identities = new Map<string, string>();
  const entries = Object.entries(repos).map(([name, { url, identity, host_key, push }], index): GateRepo => {
    const { username: user, hostname, port, pathname: path } = new URL(url);
    const key_slot = `GIT_GATE_KEY_${index}`;
    identities.set(key_slot, identity);
    const policy = Object.fromEntries(Object.entries(push).filter(([, value]) => value !== undefined));
    return {
      name,
      url,
      user,
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: port === '' ? 22 : Number(port),
      path,
      host_key,
      key_slot,
      push: { ...policyDefaults, ...policy },
    };
  });
  return { repos: entries, identities };
}
