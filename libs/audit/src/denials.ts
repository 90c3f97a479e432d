/** How one denial code is answered. */
export interface DenialRule {
  /** HTTP status of the answer */
  readonly status: number;
  /** whether the same request may succeed later without a change of policy */
  readonly retryable: boolean;
  /** MCP tool that the agent can ask, null when asking cannot help */
  readonly ask: 'egress-block' | 'pipelock-block' | 'capability-block' | null;
  /** one sentence for the agent and the human */
  readonly message: string;
}

const rule = (status: number, retryable: boolean, ask: DenialRule['ask'], message: string): DenialRule => ({
  status,
  retryable,
  ask,
  message,
});

/**
 * The denial vocabulary of every layer: code → answer. Statuses follow RFC 9110; 403 is used where the policy
 * refuses, because agents show its body at once and do not retry it.
 */
export const denials = {
  malformed_request: rule(400, false, null, 'The request is not well-formed HTTP/1.1.'),
  method_refused: rule(405, false, null, 'CONNECT inside a tunnel, TRACE and TRACK are never allowed.'),
  access_denied: rule(407, false, null, 'Only the bottle that this proxy belongs to may use it.'),
  upgrade_not_allowed: rule(403, false, null, 'This upgrade is not allowed on this route.'),
  host_not_allowed: rule(403, false, 'egress-block', 'No route of this bottle allows this host.'),
  port_not_allowed: rule(403, false, 'egress-block', 'The route for this host does not allow this port.'),
  plaintext_not_allowed: rule(403, false, null, 'This route is only reachable over TLS.'),
  method_not_allowed: rule(403, false, 'egress-block', 'The route for this host does not allow this method.'),
  path_not_allowed: rule(403, false, 'egress-block', 'The route for this host does not allow this path.'),
  misdirected: rule(421, false, null, 'SNI, CONNECT host and request authority disagree.'),
  opaque_tunnel: rule(403, false, null, 'The tunnel carries neither TLS nor HTTP.'),
  git_push_over_https: rule(403, false, null, 'Pushes go through the git gate, not over HTTPS.'),
  git_fetch_not_allowed: rule(403, false, null, 'The route for this host does not allow git fetch.'),
  dlp_blocked: rule(403, false, null, 'The request carries something that must not leave the bottle.'),
  undecodable_body: rule(403, false, null, 'The body cannot be decoded and so cannot be scanned.'),
  budget_exceeded: rule(403, false, null, 'The byte budget of this bottle is used up.'),
  limit_exceeded: rule(429, true, null, 'A limit of the proxy is reached.'),
  credential_unavailable: rule(502, true, null, 'The credential of this route is not available.'),
  credential_changed: rule(403, false, null, 'The agent sent another credential than the one pinned first.'),
  address_not_allowed: rule(403, false, null, 'The host resolves to an address that is not allowed.'),
  guard_denied: rule(
    403,
    false,
    'pipelock-block',
    'pipelock, the guard of this bottle, does not allow this host.',
  ),
  guard_unavailable: rule(
    503,
    true,
    null,
    'pipelock, the guard of this bottle, does not run, so nothing may pass.',
  ),
  upstream_unreachable: rule(502, true, null, 'The upstream cannot be reached.'),
  upstream_tls: rule(502, false, null, "The upstream's TLS certificate was not accepted."),
  upstream_invalid: rule(502, false, null, 'The upstream answered something that is not allowed.'),
  upstream_timeout: rule(504, true, null, 'The upstream did not answer in time.'),
  approval_rejected: rule(403, false, null, 'A human rejected the request.'),
  approval_timeout: rule(403, true, null, 'No human answered in time.'),
  too_many_proposals: rule(429, true, null, 'Too many proposals are open.'),
  audit_unavailable: rule(503, true, null, 'The audit log cannot be written, so nothing may pass.'),
  scanner_unavailable: rule(503, true, null, 'The scanner is not available, so nothing may pass.'),
  shutting_down: rule(503, true, null, 'The sidecar is shutting down.'),
  secret_found: rule(403, false, null, 'A pushed object holds a secret.'),
  push_policy_branch: rule(403, false, null, 'The push policy does not allow this branch.'),
  push_policy_force: rule(403, false, null, 'The push policy does not allow rewriting this ref.'),
  push_policy_delete: rule(403, false, null, 'The push policy does not allow deleting refs.'),
  push_policy_tag: rule(403, false, null, 'The push policy does not allow tags.'),
  push_policy_path: rule(403, false, null, 'The push touches a protected path.'),
  push_policy_size: rule(413, false, null, 'The push is larger than the policy allows.'),
  hidden_objects: rule(403, false, null, 'The push carries objects that none of its refs reaches.'),
  push_option_refused: rule(403, false, null, 'Push options are not enabled.'),
  upstream_rejected: rule(502, false, null, 'The upstream refused the push.'),
  stale_ref: rule(409, true, null, 'The upstream ref moved meanwhile; fetch and push again.'),
  refresh_failed: rule(502, true, null, 'The mirror could not be refreshed from the upstream.'),
} as const satisfies Record<string, DenialRule>;

export type DenialCode = keyof typeof denials;

/** Every denial code, in the order of the table. */
export const denialCodes = Object.keys(denials) as [DenialCode, ...DenialCode[]];
