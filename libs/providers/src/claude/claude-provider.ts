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
import { claudeConfig } from './claude-config.ts';
import { claudeRoutes } from './claude-routes.ts';

const placeholder = 'egress-placeholder';
const resumeArgs = ['--continue'];

const quiet = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  DISABLE_ERROR_REPORTING: '1',
  CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL: '1',
};

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
    env: authToken === null ? quiet : { ...quiet, CLAUDE_CODE_OAUTH_TOKEN: placeholder },
    hiddenEnvNames: authToken === null ? [] : ['CLAUDE_CODE_OAUTH_TOKEN'],
    dirs: [{ path: `${context.guestHome}/.claude`, mode: 0o700 }],
    files: [textFile(`${context.guestHome}/.claude.json`, claudeConfig(context))],
    preCopy: [],
    verify: [],
    egressRoutes: claudeRoutes(context.bottle),
    secretRefs,
  };
}

function superviseCommands(url: string): readonly GuestCommand[] {
  return [
    {
      argv: ['claude', 'mcp', 'add', '--scope', 'user', '--transport', 'http', 'supervise', url],
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
