import type { ProposalRequest } from '@bot-bottle/supervise';

/** A push that needs approval. */
export const samplePush: Extract<ProposalRequest, { kind: 'push-approval' }> = {
  kind: 'push-approval',
  held: 'h1',
  repo: 'app',
  upstream: 'ssh://git@git.example.com/team/app.git',
  refs: [{ ref: 'refs/heads/main', old_oid: 'a'.repeat(40), new_oid: 'b'.repeat(40) }],
  reasons: ['the default branch needs approval'],
  commits: [{ oid: 'b'.repeat(40), summary: 'Mend it' }],
  commit_count: 1,
  paths: [],
};
