import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LauncherChannel } from '@bot-bottle/sidecar-protocol';
import { auditEventSchema, type AuditEvent } from '@bot-bottle/audit';
import type { GitGateConfigInput } from '@bot-bottle/git-gate';
import type { Upstream } from '../../../../sidecars/git-gate/test/support/sshd.ts';

const program = fileURLToPath(new URL('../../../../sidecars/git-gate/dist/main.js', import.meta.url));

/** The built gate as a process of its own, driven as a launcher drives it. */
export interface GateProcess {
  readonly origin: string;
  readonly events: AuditEvent[];
  close(): Promise<void>;
}

export interface GateProcessOptions {
  readonly upstream: Upstream;
  readonly folder: string;
  readonly repos: readonly string[];
  readonly scanner: 'gitleaks' | 'builtin';
  readonly programs: GitGateConfigInput['programs'];
}

export async function startGate(options: GateProcessOptions): Promise<GateProcess> {
  const { upstream, folder } = options;
  for (const name of ['root', 'keys']) await mkdir(join(folder, name), { recursive: true, mode: 0o700 });
  const child = spawn(process.execPath, [program], {
    env: { BOT_BOTTLE_CONTROL: 'stdio', PATH: '/usr/bin:/bin', HOME: folder },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const events: AuditEvent[] = [];
  const channel = new LauncherChannel({
    stdin: child.stdin,
    stdout: child.stdout,
    onAudit: async (batch) => void events.push(...batch.map((event) => auditEventSchema.parse(event))),
  });
  const config: GitGateConfigInput = {
    bottle: 'bench',
    listen: '127.0.0.1:0',
    root: join(folder, 'root'),
    key_dir: join(folder, 'keys'),
    programs: options.programs,
    scanner: options.scanner,
    supervise: false,
    env_secrets: {},
    repos: options.repos.map((name) => ({
      name,
      url: upstream.repoUrl(name),
      user: upstream.user,
      host: upstream.host,
      port: upstream.port,
      path: upstream.repoPath(name),
      host_key: upstream.hostKey,
      key_slot: 'GIT_GATE_KEY_0',
      push: {
        branches: ['**'],
        protect_default: false,
        force: false,
        delete: false,
        tags: true,
        approve: 'on_finding',
        max_bytes: 4 * 1024 ** 3,
        protected_paths: null,
      },
    })),
  };
  const { listening } = await channel.configure(config, { GIT_GATE_KEY_0: upstream.clientKey });
  return {
    origin: `http://${listening[0] ?? ''}`,
    events,
    close: async () => {
      const exited = once(child, 'exit');
      channel.close();
      await exited;
    },
  };
}
