import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { mintAuthority, tableDigest } from '@bot-bottle/egress';
import { LauncherChannel } from '@bot-bottle/sidecar-protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { rawExchange, route, temporaryFolder, until } from './harness.ts';

const program = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const children: ChildProcess[] = [];
const folders: Array<{ remove(): Promise<void> }> = [];

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const folder of folders.splice(0)) await folder.remove();
});

function start(env: NodeJS.ProcessEnv): {
  child: ChildProcess;
  lines: Array<Record<string, unknown>>;
  exited: Promise<number | null>;
} {
  const child = spawn(process.execPath, ['--conditions=@bot-bottle/source', program], {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  children.push(child);
  const lines: Array<Record<string, unknown>> = [];
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (line) =>
      lines.push(JSON.parse(line) as Record<string, unknown>),
    );
  }
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  return { child, lines, exited };
}

async function folder(): Promise<string> {
  const made = await temporaryFolder();
  folders.push(made);
  return made.path;
}

describe('stand-alone', () => {
  async function environment(): Promise<{ env: NodeJS.ProcessEnv; routes: string; path: string }> {
    const path = await folder();
    const ca = await mintAuthority({ bottle: 'x', days: 1 });
    const routes = join(path, 'routes.json');
    await writeFile(routes, JSON.stringify({ version: 1, routes: [route('a.test', 443)] }));
    await writeFile(join(path, 'ca.crt'), ca.cert);
    await writeFile(join(path, 'ca.key'), ca.key, { mode: 0o600 });
    const env = {
      EGRESS_LISTEN: '127.0.0.1:0',
      EGRESS_ROUTES: routes,
      EGRESS_CA_CERT: join(path, 'ca.crt'),
      EGRESS_CA_KEY: join(path, 'ca.key'),
      EGRESS_TOKEN_0: 'stand-alone-token-0123456789',
      EGRESS_AUDIT: join(path, 'audit'),
    };
    return { env, routes, path };
  }

  const portOf = (lines: ReadonlyArray<Record<string, unknown>>) =>
    Number(String(lines.find((line) => line['event'] === 'listening')?.['address']).split(':')[1]);

  test('tells every problem at once, without values, and exits 2', async () => {
    const { lines, exited } = start({
      EGRESS_LISTEN: '0.0.0.0:1',
      EGRESS_LOG: '9',
      EGRESS_CA_CERT: '/nowhere',
      EGRESS_UPSTREAM_PROXY: 'ftp://u:hidden@x',
    });
    expect(await exited).toBe(2);
    const text = JSON.stringify(lines);
    for (const name of [
      'EGRESS_LISTEN',
      'EGRESS_LOG',
      'EGRESS_CA_CERT',
      'EGRESS_CA_KEY',
      'EGRESS_ROUTES',
      'EGRESS_UPSTREAM_PROXY',
    ]) {
      expect(text).toContain(name);
    }
    expect(text).not.toContain('hidden');
  });

  test('serves, re-reads its routes on SIGHUP, and exits 0 on SIGTERM', async () => {
    const { env, routes } = await environment();
    const { child, lines, exited } = start(env);
    await until(() => lines.some((line) => line['event'] === 'listening'));
    const proxy = { host: '127.0.0.1', port: portOf(lines) };
    const digest = async () =>
      (
        JSON.parse((await rawExchange(proxy, 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n')).body) as {
          digest: string;
        }
      ).digest;
    const before = await digest();
    const table = { version: 1 as const, routes: [route('b.test', 443)] };
    await writeFile(routes, JSON.stringify(table));
    child.kill('SIGHUP');
    await until(() => lines.some((line) => line['event'] === 'table'));
    expect(await digest()).toBe(tableDigest(table));
    expect(await digest()).not.toBe(before);
    await writeFile(routes, 'not json');
    child.kill('SIGHUP');
    await until(() => lines.some((line) => line['event'] === 'table_refused'));
    expect(await digest()).toBe(tableDigest(table));
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
  });

  test('writes a chained audit log and keeps no secret in its environment', async () => {
    const { env, path } = await environment();
    const { child, lines, exited } = start(env);
    await until(() => lines.some((line) => line['event'] === 'listening'));
    await rawExchange(
      { host: '127.0.0.1', port: portOf(lines) },
      'GET http://undeclared.test/ HTTP/1.1\r\nHost: undeclared.test\r\n\r\n',
    );
    child.kill('SIGTERM');
    await exited;
    const log = await readFile(join(path, 'audit', 'stand-alone', 'egress.jsonl'), 'utf8');
    expect(log).toContain('host_not_allowed');
    expect(log).not.toContain('stand-alone-token');
  });
});

describe('under a launcher', () => {
  async function launch(): Promise<{
    channel: LauncherChannel;
    events: unknown[];
    exited: Promise<number | null>;
    child: ChildProcess;
  }> {
    const { child, exited } = start({ BOT_BOTTLE_CONTROL: 'stdio' });
    const events: unknown[] = [];
    if (child.stdin === null || child.stdout === null) throw new Error('no pipes');
    const channel = new LauncherChannel({
      stdin: child.stdin,
      stdout: child.stdout,
      onAudit: async (batch) => {
        events.push(...batch);
      },
    });
    return { channel, events, exited, child };
  }

  async function config(
    listen = '127.0.0.1:0',
  ): Promise<{ config: Record<string, unknown>; secrets: Record<string, string> }> {
    const ca = await mintAuthority({ bottle: 'x', days: 1 });
    return {
      config: {
        bottle: 'x',
        listen,
        table: { version: 1, routes: [] },
        ca: { cert: ca.cert },
        extra_ca: null,
        upstream_proxy: null,
        hosts: {},
        supervise: true,
        budget: { request_bytes: null, total_bytes: null },
        dlp_allow: [],
        env_secrets: {},
        log: 1,
      },
      secrets: { EGRESS_CA_KEY: ca.key },
    };
  }

  test('takes configuration, tables and secrets, and reports events', async () => {
    const { channel, events, exited, child } = await launch();
    const given = await config();
    const ready = await channel.configure(given.config, given.secrets, { timeoutMs: 10_000 });
    const [address = ''] = ready.listening;
    const proxy = { host: '127.0.0.1', port: Number(address.split(':')[1]) };
    const table = { version: 1 as const, routes: [route('b.test', 443)] };
    expect(await channel.setTable(table, { timeoutMs: 5_000 })).toBe(tableDigest(table));
    await expect(channel.setTable({ version: 1, routes: [{}] }, { timeoutMs: 5_000 })).rejects.toThrow();
    await channel.setSecrets({ EGRESS_TOKEN_0: 'another-token-0123456789' }, { timeoutMs: 5_000 });
    const answer = await rawExchange(
      proxy,
      'GET http://undeclared.test/ HTTP/1.1\r\nHost: undeclared.test\r\n\r\n',
    );
    expect(answer.status).toBe(403);
    await until(() => events.length > 0);
    expect(events[0]).toMatchObject({ layer: 'egress', code: 'host_not_allowed' });
    child.stdin?.end();
    expect(await exited).toBe(0);
  });

  test('refuses a configuration that it cannot use, naming the problem, and exits 2', async () => {
    const { channel, exited } = await launch();
    const given = await config('0.0.0.0:9099');
    await expect(channel.configure(given.config, given.secrets, { timeoutMs: 10_000 })).rejects.toThrow(
      /unspecified/,
    );
    expect(await exited).toBe(2);
  });

  test('ends when the launcher is gone before it was configured', async () => {
    const { child, exited } = await launch();
    child.stdin?.end();
    expect(await exited).toBe(0);
  });
});
