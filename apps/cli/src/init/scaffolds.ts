import { visibleLine } from '@bot-bottle/audit';
import type { Proposal } from './propose-from-repository.ts';

const providers = {
  claude: `agent_provider:
  template: claude
  # Name of the host variable with your token (\`claude setup-token\`); the agent never sees its value.
  # Without it the agent asks you to log in, and its own credential passes through.
  # auth_token: CLAUDE_CODE_OAUTH_TOKEN`,
  command: `agent_provider:
  template: command
  # Any program on your PATH; it is shown in the bottle read-only.
  command: [bash]`,
} as const;

/** A bottle that parses as it is; everything that grants reach is commented out. */
export function bottleScaffold(provider: keyof typeof providers, proposals: readonly Proposal[]): string {
  return `---
${providers[provider]}

# Values for the agent's environment: text, \${HOST_VARIABLE}, or ? to be asked at launch.
# A value from the host enters the bottle and can be read by the agent.
env:
  EDITOR: cat

egress:
  # What is not listed here cannot be reached.
  routes: []
  # routes:
  #   - host: api.example.com
  #     methods: [GET]
  #     path_allowlist: [/v1]
  #     # The credential is added outside of the bottle, from the host variable of this name.
  #     auth: { scheme: Bearer, token_ref: EXAMPLE_TOKEN }
${proposalLines(proposals)}
supervise: false
---

What this bottle is for. This text is for you; the agent does not see it.
`;
}

export function agentScaffold(bottle: string): string {
  return `---
bottle: ${bottle}
# Folders of ~/.bot-bottle/skills that the agent may use.
skills: []
---

You work carefully, explain what you change, and say so when something is denied instead of working around it.
`;
}

/** Proposals are comments: the operator decides on each, and on the credential that goes with it. */
function proposalLines(proposals: readonly Proposal[]): string {
  if (proposals.length === 0) return '';
  const lines = proposals.flatMap(({ host, why }) => [
    `  #   # ${visibleLine(why, 100)}`,
    `  #   - host: ${host}`,
    '  #     methods: [GET, HEAD]',
  ]);
  return `  # Proposed from the repository; take what you need:\n  # routes:\n${lines.join('\n')}\n`;
}
