import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { LauncherChannel } from '@bot-bottle/sidecar-protocol';

const limit = { timeout: 10_000 };

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const node = (name: string): string[] => ['--conditions=@bot-bottle/source', path(name)];

function startSidecar() {
  const child = spawn(process.execPath, node('fixtures-sidecar.ts'), { stdio: ['pipe', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

test('over real pipes a sidecar ends when the launcher closes the channel, and acknowledged events were written', async () => {
  const child = startSidecar();
  let written = 0;
  const channel = new LauncherChannel({
    stdin: child.stdin,
    stdout: child.stdout,
    onAudit: async (events) => {
      written += events.length;
    },
  });
  await channel.configure({}, {}, { timeoutMs: 15_000 });
  await expect.poll(() => written, limit).toBeGreaterThan(100);
  channel.close();
  const [text] = (await once(child.stderr, 'data')) as [Buffer];
  expect(await channel.closed).toBe(null);
  expect(Number(String(text).trim().split(' ')[1])).toBeLessThanOrEqual(written);
});

test('a sidecar that dies in the middle closes the channel without an error', async () => {
  const child = startSidecar();
  let written = 0;
  const channel = new LauncherChannel({
    stdin: child.stdin,
    stdout: child.stdout,
    onAudit: async (events) => {
      written += events.length;
    },
  });
  await channel.configure({}, {}, { timeoutMs: 15_000 });
  await expect.poll(() => written, limit).toBeGreaterThan(10);
  child.kill('SIGKILL');
  expect(await channel.closed).toBe(null);
  await expect(channel.setTable({})).rejects.toMatchObject({ code: 'closed' });
});

test('a launcher that is killed takes its sidecar with it', async () => {
  const launcher = spawn(process.execPath, node('fixtures-launcher.ts'), {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void launcher.kill('SIGKILL'));
  await once(launcher.stdout, 'data');
  launcher.kill('SIGKILL');
  // The sidecar shares the launcher's stderr, so its end is the end of that pipe.
  let said = '';
  for await (const chunk of launcher.stderr) said += String(chunk);
  expect(said).toMatch(/^drained \d+$/m);
});
