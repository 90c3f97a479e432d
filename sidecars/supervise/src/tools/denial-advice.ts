import type { DenialCode } from '@bot-bottle/audit';

const gate = 'Push with git as usual: the remotes of this sandbox lead through the git gate.';
const human = 'Only the operator of this sandbox can change that; tell your user.';

/** What to do about a denial where the table's own sentence does not say it. */
export const denialAdvice: Readonly<Partial<Record<DenialCode, string>>> = {
  malformed_request: 'Send a well-formed HTTP/1.1 request, with a client that you did not write yourself.',
  plaintext_not_allowed: 'Use https:// instead of http://.',
  opaque_tunnel: 'Use HTTP or HTTPS through the proxy; other protocols do not pass.',
  misdirected: 'Use one name for the connection, for SNI and for the Host header.',
  git_push_over_https: gate,
  git_fetch_not_allowed: `Fetch with git from a declared remote. ${human}`,
  dlp_blocked: 'Take secrets and credentials out of the request; encoding them differently does not help.',
  undecodable_body: 'Send the body without a Content-Encoding.',
  budget_exceeded: human,
  address_not_allowed: human,
  credential_changed: 'Send the credential that you sent first.',
  secret_found:
    'Take the secret out of every commit that is pushed, also out of earlier ones, and push again.',
  push_policy_branch: 'Push to a branch that the policy allows; the remote lines of the push name it.',
  push_policy_force: 'Push a new commit instead of rewriting the branch.',
  push_policy_delete: human,
  push_policy_tag: human,
  push_policy_path: 'Leave the protected paths as they are.',
  push_policy_size: 'Push less at a time, or smaller files.',
  hidden_objects: 'Make the commits anew with git commit and push them.',
  push_option_refused: 'Push without --push-option.',
  approval_rejected: 'Do without it, and do not ask for the same again.',
  approval_timeout: 'Ask again when somebody is there.',
  upstream_rejected: 'Read the remote lines of the push: the forge says why.',
};
