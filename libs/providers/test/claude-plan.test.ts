import { describe, expect, it } from 'vitest';
import { claudeProvider, commandProvider, findProvider, ProviderError } from '../src/index.ts';
import { sampleContext } from './sample-context.ts';

describe('claude', () => {
  it('writes a configuration that leads straight to the prompt', () => {
    const [file] = claudeProvider.plan(sampleContext()).files;
    expect(file).toMatchObject({ path: '/home/node/.claude.json', mode: 0o600 });
    const config: unknown = JSON.parse(
      file !== undefined && 'content' in file.source ? file.source.content : '',
    );
    expect(config).toMatchObject({
      hasCompletedOnboarding: true,
      bypassPermissionsModeAccepted: true,
      projects: {
        '/home/node': { hasTrustDialogAccepted: true },
        '/home/node/workspace': { hasTrustDialogAccepted: true },
      },
    });
  });

  it('is quiet', () => {
    expect(claudeProvider.plan(sampleContext()).env).toEqual({
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_ERROR_REPORTING: '1',
      CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL: '1',
      MCP_CONNECT_TIMEOUT_MS: '20000',
    });
  });

  it('with auth_token injects at egress and shows the guest a hidden placeholder', () => {
    const plan = claudeProvider.plan(sampleContext({ authToken: 'MY_TOKEN' }));
    expect(plan.egressRoutes).toEqual([
      {
        host: 'api.anthropic.com',
        pathAllowlist: ['/v1/', '/api/claude_code/'],
        auth: { scheme: 'Bearer', tokenRef: 'MY_TOKEN' },
      },
    ]);
    expect(plan.secretRefs).toEqual({ MY_TOKEN: { kind: 'host-env', name: 'MY_TOKEN' } });
    expect(plan.env['CLAUDE_CODE_OAUTH_TOKEN']).toBe('egress-placeholder');
    expect(plan.hiddenEnvNames).toEqual(['CLAUDE_CODE_OAUTH_TOKEN']);
  });

  it('without auth_token lets the agent’s own credential pass, and an env secret leave to that host only', () => {
    const plan = claudeProvider.plan(
      sampleContext(
        {},
        {
          ANTHROPIC_API_KEY: { kind: 'host', name: 'X' },
          ANTHROPIC_AUTH_TOKEN: { kind: 'literal', value: 'x' },
          OTHER: { kind: 'prompt', message: null },
        },
      ),
    );
    expect(plan.egressRoutes).toMatchObject([
      {
        host: 'api.anthropic.com',
        authorization: 'agent',
        agentHeaders: ['x-api-key'],
        envSecrets: ['ANTHROPIC_API_KEY'],
      },
    ]);
    expect(plan.egressRoutes[0]?.auth).toBeUndefined();
    expect(plan.hiddenEnvNames).toEqual([]);
  });

  it('does not reach the paths where a login token becomes an API key', () => {
    for (const authToken of [null, 'T']) {
      for (const prefix of claudeProvider.plan(sampleContext({ authToken })).egressRoutes[0]
        ?.pathAllowlist ?? ['/']) {
        expect('/api/oauth/claude_cli/create_api_key'.startsWith(prefix)).toBe(false);
      }
    }
  });

  it('passes the prompt file only when there is a prompt, and a headless prompt behind --', () => {
    expect(claudeProvider.runtime(sampleContext()).promptArgs).toEqual([]);
    const runtime = claudeProvider.runtime(sampleContext({}, {}, 'Be careful.'));
    expect(runtime.promptArgs).toEqual(['--append-system-prompt-file', '/home/node/.bot-bottle-prompt.txt']);
    expect(runtime.headlessArgs('--help', { resume: false })).toEqual({
      args: ['-p', '--', '--help'],
      stdin: null,
    });
    expect(runtime.headlessArgs('go on', { resume: true }).args).toEqual(['--continue', '-p', '--', 'go on']);
  });

  it('refuses remote control with a token for inference only', () => {
    expect(claudeProvider.runtime(sampleContext({ authToken: 'T' })).remoteControlRefusal).toContain(
      'inference only',
    );
    expect(claudeProvider.runtime(sampleContext()).remoteControlRefusal).toBeNull();
  });

  it('registers the supervise tools with Claude Code’s own command', () => {
    const argv = claudeProvider.superviseCommands('http://supervise:9100')[0]?.argv ?? [];
    expect(argv.slice(0, -1)).toEqual(['claude', 'mcp', 'add-json', '--scope', 'user', 'supervise']);
    expect(JSON.parse(argv.at(-1) ?? '')).toEqual({
      type: 'http',
      url: 'http://supervise:9100',
      alwaysLoad: true,
    });
  });
});

describe('command', () => {
  it('takes its argv from the manifest, bash by default', () => {
    expect(commandProvider.runtime(sampleContext({ command: ['tool', '-x'] })).command).toEqual([
      'tool',
      '-x',
    ]);
    expect(commandProvider.runtime(sampleContext()).command).toEqual(['bash']);
  });

  it('names the prompt file by env when there is a prompt, and reads a headless prompt from stdin', () => {
    expect(commandProvider.plan(sampleContext()).env).toEqual({});
    expect(commandProvider.plan(sampleContext({}, {}, 'p')).env).toEqual({
      BOT_BOTTLE_PROMPT_FILE: '/home/node/.bot-bottle-prompt.txt',
    });
    expect(commandProvider.runtime(sampleContext()).headlessArgs('do it', { resume: false })).toEqual({
      args: [],
      stdin: 'do it',
    });
  });

  it('opens no route', () => {
    expect(commandProvider.plan(sampleContext()).egressRoutes).toEqual([]);
  });
});

describe('findProvider', () => {
  it('finds built-in ones by name, and another one of the same name before them', () => {
    expect(findProvider('claude')).toBe(claudeProvider);
    const mine = { ...claudeProvider, origin: '/home/me/.bot-bottle/contrib/claude/provider.mjs' };
    expect(findProvider('claude', [mine])).toBe(mine);
  });

  it.each(['nope', '', '__proto__', 'constructor'])('refuses %j as something a user can fix', (name) => {
    let error: unknown = null;
    try {
      findProvider(name);
    } catch (caught) {
      error = caught;
    }
    expect(ProviderError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({ code: 'unknown_provider', [Symbol.for('bot-bottle.user-error')]: true });
  });
});
