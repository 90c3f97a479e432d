/** A bottle with every section, shown in the reference and parsed by a test. */
export const exampleBottle = `---
# Build on other bottles: parents are folded left to right, then this file.
extends: []

env:
  NODE_ENV: development            # a literal
  NPM_TOKEN: "?npm publish token"  # asked on the terminal at launch
  SENTRY_DSN: \${SENTRY_DSN}        # taken from the host

agent_provider:
  template: claude
  auth_token: CLAUDE_CODE_OAUTH_TOKEN  # the bottle gets a placeholder

git-gate:
  user:
    name: Agent
    email: agent@example.com
  repos:
    app:
      url: ssh://git@git.example.com:2222/team/app.git
      identity: ~/.ssh/app_deploy
      host_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJxD9nWkPeyNbGQ2pqNnBpNCBPpBWmJJrXo0o4n3pTz1
      push:
        branches: ["agent/**"]
        protect_default: true
        approve: on_finding
        max_bytes: 64MiB
    docs:
      url: ssh://git@github.com/team/docs.git
      provisioned_key:
        provider: github
        token_ref: GITHUB_DEPLOY_TOKEN
        read_only: true

egress:
  log: 1
  guard: builtin
  budget:
    request_bytes: 16MiB
    total_bytes: 1GiB
  routes:
    # Read issues of one organisation; the token never enters the bottle.
    - host: api.github.com
      methods: [GET]
      path_allowlist: [/repos/team]
      auth:
        scheme: Bearer
        token_ref: GITHUB_TOKEN
    # The npm token of the bottle may leave to this host, and nowhere else.
    - host: registry.npmjs.org
      authorization: agent
      env_secrets: [NPM_TOKEN]
    # Fetch over HTTPS, on any host below one domain.
    - host: "*.git.example.com"
      git: {fetch: true}
    # A service in a private network, with an API key in its own header.
    - host: metrics.internal.example.com
      ports: [8443]
      auth: {scheme: header, header: X-Api-Key, token_ref: METRICS_KEY}
      address_allowlist: [10.20.0.0/16]
      dlp:
        outbound: [known_secrets, token_patterns, canary]
        on_match: supervise
  dlp_allow:
    - rule: token_patterns/jwt
      reason: the test suite posts expired sample tokens

supervise: true
repository_agents: false

resources:
  memory: 4GiB
  cpus: 2
  pids: 512
  disk: 10GiB
---
Everything below the front matter of a bottle is for humans.
`;

/** An agent that runs in the example bottle. */
export const exampleAgent = `---
bottle: dev
skills: [review]
git-gate:
  user:
    name: Reviewer
# Keys of a Claude Code subagent may stand here too; they are ignored.
description: Reviews pull requests
---
You review pull requests of this repository.
`;
