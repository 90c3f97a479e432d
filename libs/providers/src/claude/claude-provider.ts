import type {
  AgentProvider,
  AgentProvisionPlan,
  GuestCommand,
  ProviderContext,
  ProviderRuntime,
  SecretRef,
} from '../contracts.ts';
import { textFile } from '../guest-file.ts';
import { promptPath } from '../prompt-path.ts';
import { superviseWaitMs } from '../supervise-wait.ts';
import { claudeConfig } from './claude-config.ts';
import { claudeRoutes } from './claude-routes.ts';

const placeholder = 'egress-placeholder';
const resumeArgs = ['--continue'];

const quiet = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  DISABLE_ERROR_REPORTING: '1',
  CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL: '1',
};

/** How long the first turn waits for the supervise tools; 5 s by default, which a busy machine can take. */
const patient = { MCP_CONNECT_TIMEOUT_MS: String(superviseWaitMs) };

function runtime(context: ProviderContext): ProviderRuntime {
  return {
    command: ['claude'],
    image: 'bot-bottle-claude',
    dockerfile: context.bottle.agentProvider.dockerfile,
    promptMode: 'append-file',
    promptArgs: context.prompt === '' ? [] : ['--append-system-prompt-file', promptPath(context.guestHome)],
    bypassArgs: ['--dangerously-skip-permissions'],
    resumeArgs,
    remoteControlArgs: ['--remote-control'],
    remoteControlRefusal:
      context.bottle.agentProvider.authToken === null
        ? null
        : 'Claude Code cannot be remote-controlled with the token of agent_provider.auth_token, which is for inference only',
    // Stdin is closed: an open, silent one makes Claude Code wait three seconds.
    headlessArgs: (prompt, { resume }) => ({
      args: [...(resume ? resumeArgs : []), '-p', '--', prompt],
      stdin: null,
    }),
  };
}

function plan(context: ProviderContext): AgentProvisionPlan {
  const { authToken } = context.bottle.agentProvider;
  const secretRefs: Record<string, SecretRef> =
    authToken === null ? {} : { [authToken]: { kind: 'host-env', name: authToken } };
  return {
    env: {
      ...quiet,
      ...(context.bottle.supervise ? patient : {}),
      ...(authToken === null ? {} : { CLAUDE_CODE_OAUTH_TOKEN: placeholder }),
    },
    hiddenEnvNames: authToken === null ? [] : ['CLAUDE_CODE_OAUTH_TOKEN'],
    dirs: [{ path: `${context.guestHome}/.claude`, mode: 0o700 }],
    files: [textFile(`${context.guestHome}/.claude.json`, claudeConfig(context))],
    preCopy: [],
    verify: [],
    egressRoutes: claudeRoutes(context.bottle),
    secretRefs,
  };
}

/**
 * Without `alwaysLoad` the first turn goes out two seconds after the start at the latest, with what is connected by
 * then: a headless run on a busy machine would never be told of the tools (tried with 2.1.329). It also keeps them in
 * the prompt, where others are found by a search only.
 */
function superviseCommands(url: string): readonly GuestCommand[] {
  const server = JSON.stringify({ type: 'http', url, alwaysLoad: true });
  return [
    {
      argv: ['claude', 'mcp', 'add-json', '--scope', 'user', 'supervise', server],
      failureMessage: 'the supervise tools could not be registered with Claude Code',
      expectOutput: null,
    },
  ];
}

/** Claude Code. */
export const claudeProvider = {
  name: 'claude',
  origin: 'built-in',
  skillsDir: '.claude/skills',
  runtime,
  plan,
  superviseCommands,
} as const satisfies AgentProvider;
