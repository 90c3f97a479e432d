import type { AgentProvider, AgentProvisionPlan, ProviderContext, ProviderRuntime } from '../contracts.ts';
import { promptPath } from '../prompt-path.ts';

const defaultCommand = ['bash'];

function runtime(context: ProviderContext): ProviderRuntime {
  return {
    command: context.bottle.agentProvider.command ?? defaultCommand,
    image: 'bot-bottle-command',
    dockerfile: context.bottle.agentProvider.dockerfile,
    promptMode: 'env',
    bypassArgs: [],
    resumeArgs: [],
    remoteControlArgs: [],
    headlessArgs: (prompt) => ({ args: [], stdin: prompt }),
  };
}

function plan(context: ProviderContext): AgentProvisionPlan {
  return {
    env: context.prompt === '' ? {} : { BOT_BOTTLE_PROMPT_FILE: promptPath(context.guestHome) },
    hiddenEnvNames: [],
    dirs: [],
    files: [],
    preCopy: [],
    verify: [],
    egressRoutes: [],
    secretRefs: {},
  };
}

/** Any program: argv from the manifest, the system prompt by env, a headless prompt on stdin. */
export const commandProvider = {
  name: 'command',
  origin: 'built-in',
  skillsDir: '.skills',
  runtime,
  plan,
  superviseCommands: () => [],
} as const satisfies AgentProvider;
