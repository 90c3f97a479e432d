import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { LauncherChannel } from '@bot-bottle/sidecar-protocol';

/** Run as a program: a launcher that says its sidecar's process id and then waits to be killed. */
const program = fileURLToPath(new URL('fixtures-sidecar.ts', import.meta.url));
const child = spawn(process.execPath, ['--conditions=@bot-bottle/source', program], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const channel = new LauncherChannel({
  stdin: child.stdin,
  stdout: child.stdout,
  onAudit: async () => undefined,
});
await channel.configure({}, {});
process.stdout.write(`${child.pid}\n`);
