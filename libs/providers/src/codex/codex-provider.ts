import { join } from 'node:path';
import type {
  AgentProvider,
  AgentProvisionPlan,
  GuestCommand,
  GuestFile,
  ProviderContext,
  ProviderRuntime,
  SecretRef,
} from '../contracts.ts';
import { textFile } from '../guest-file.ts';
import { codexConfig } from './codex-config.ts';
import { codexRoutes, hostTokenRef } from './codex-routes.ts';
import { guestAuth } from './guest-auth.ts';
import { readHostLogin } from './host-login.ts';

const loginRemedy = 'log in on the host with `codex login --device-auth`';

function runtime(context: ProviderContext): ProviderRuntime {
  return {
    command: ['codex'],
    image: 'bot-bottle-codex',
    dockerfile: context.bottle.agentProvider.dockerfile,
    promptMode: 'config',
    // Its own sandbox needs user namespaces, which the bottle has not; the bottle is the sandbox.
    bypassArgs: ['--dangerously-bypass-approvals-and-sandbox'],
    resumeArgs: ['resume', '--last'],
    remoteControlArgs: [],
    // Stdin is closed: Codex waits for the end of an open one.
    headlessArgs: (prompt, { resume }) => ({
      args: resume ? ['exec', 'resume', '--last', '--', prompt] : ['exec', '--', prompt],
      stdin: null,
    }),
  };
}

async function plan(context: ProviderContext): Promise<AgentProvisionPlan> {
  const folder = `${context.guestHome}/.codex`;
  const login = context.bottle.agentProvider.forwardHostCredentials ? await forwardedLogin(context) : null;
  return {
    env: {},
    hiddenEnvNames: [],
    dirs: [{ path: folder, mode: 0o700 }],
    files: [
      textFile(`${folder}/config.toml`, codexConfig(context)),
      ...(login === null ? [] : [authFile(folder, login.content)]),
    ],
    // What an earlier login left would be preferred to the new file.
    preCopy: [
      {
        argv: ['find', folder, '-maxdepth', '1', '-type', 'f', ...staleNames, '-delete'],
        failureMessage: `stale files of ${folder} could not be removed`,
        expectOutput: null,
      },
    ],
    verify: login === null ? [] : [loginStatus],
    egressRoutes: codexRoutes(context.bottle),
    secretRefs: login === null ? {} : { [hostTokenRef]: login.ref },
  };
}

const staleNames = [
  '(',
  '-name',
  '*.sqlite',
  '-o',
  '-name',
  '*.sqlite-*',
  '-o',
  '-name',
  '*.codex-repair-*.bak',
  ')',
];

/** The exit code is 0 for an API key too. */
const loginStatus: GuestCommand = {
  argv: ['codex', 'login', 'status'],
  failureMessage: `Codex does not accept the login that was made of the host’s; ${loginRemedy}`,
  expectOutput: 'Logged in using ChatGPT',
};

const authFile = (folder: string, content: string): GuestFile => textFile(`${folder}/auth.json`, content);

/** @throws ProviderError `host_login` */
async function forwardedLogin(context: ProviderContext): Promise<{ content: string; ref: SecretRef }> {
  const home = context.hostEnv('CODEX_HOME') ?? '';
  const path = join(home === '' ? join(context.hostHome, '.codex') : home, 'auth.json');
  const login = readHostLogin(await context.readHostFile(path), { path, now: context.now });
  return {
    content: guestAuth(login, context.now),
    ref: {
      kind: 'provider-file',
      path,
      pointer: '/tokens/access_token',
      // A login as somebody else does not fit what the bottle was told.
      unchanged: {
        '/auth_mode': login.authMode,
        ...(login.accountId === null ? {} : { '/tokens/account_id': login.accountId }),
      },
      remedy: loginRemedy,
    },
  };
}

function superviseCommands(url: string): readonly GuestCommand[] {
  return [
    {
      argv: ['codex', 'mcp', 'add', 'supervise', '--url', url],
      failureMessage: 'the supervise tools could not be registered with Codex',
      expectOutput: null,
    },
  ];
}

/** Codex, with the host's ChatGPT login if the bottle asks for it. */
export const codexProvider: AgentProvider = {
  name: 'codex',
  origin: 'built-in',
  skillsDir: '.codex/skills',
  runtime,
  plan,
  superviseCommands,
};
