import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { call, codeOf, mcpClient } from './support/mcp-client.ts';
import { entry, startOwner } from './support/owner.ts';
import { launchProgram, startProgram } from './support/program.ts';

const request = { host: 'api.example.com', justification: 'the tests fetch fixtures' };

it('asks, waits, is answered, and writes every call down', async () => {
  const owner = await startOwner();
  owner.routes = { routes: [entry('mirror.example.com')] };
  const { url, child, exited } = await launchProgram(owner);
  const client = await mcpClient(url);
  expect((await call(client, 'list-egress-routes')).said).toMatchObject({
    routes: [{ host: 'mirror.example.com' }],
  });
  const asked = call(client, 'egress-block', request);
  await owner.approve();
  expect((await asked).said).toMatchObject({ status: 'approved' });
  const targets = (await owner.events()).map(({ action, target }) => [action, target]);
  expect(targets).toContainEqual(['tool-call', 'egress-block']);
  child.kill('SIGTERM');
  expect(await exited).toBe(0);
});

it('that is killed while a client waits is started anew, and the answer is found', async () => {
  const owner = await startOwner();
  const first = await launchProgram(owner);
  const lost = call(await mcpClient(first.url), 'egress-block', request).catch(() => 'lost');
  const { proposal } = await owner.open();
  first.child.kill('SIGKILL');
  await first.exited;
  expect(await lost).toBe('lost');
  const second = await launchProgram(owner);
  const client = await mcpClient(second.url);
  const check = call(client, 'check-proposal', { id: proposal.id, wait_seconds: 20 });
  await owner.approve();
  expect((await check).said).toMatchObject({ status: 'approved', id: proposal.id });
});

it('drains and exits when the launcher is gone, also while somebody waits', async () => {
  const owner = await startOwner();
  const { url, child, exited } = await launchProgram(owner);
  const asked = call(await mcpClient(url), 'egress-block', request);
  await owner.open();
  const began = performance.now();
  child.stdin.end();
  expect(await exited).toBe(0);
  expect(performance.now() - began).toBeLessThan(8000);
  expect(['pending', undefined]).toContain((await asked).said['status']);
});

it('ends within 8 s of SIGTERM, also when clients do not let go', async () => {
  const owner = await startOwner();
  const { url, child, exited } = await launchProgram(owner);
  const held = fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    // a body that never ends
    body: new ReadableStream({ start: (out) => out.enqueue(new TextEncoder().encode('[')) }),
    duplex: 'half',
  } as RequestInit).catch(() => 'cut');
  await call(await mcpClient(url), 'explain-denial', { denial: 'misdirected' });
  const began = performance.now();
  child.kill('SIGTERM');
  expect(await exited).toBe(0);
  expect(performance.now() - began).toBeLessThan(8000);
  expect(await held).toBe('cut');
}, 20_000);

it('exits when it was never configured', async () => {
  const { child, exited } = startProgram({ BOT_BOTTLE_CONTROL: 'stdio' });
  child.stdin.end();
  expect(await exited).toBe(0);
});

it('refuses a configuration with every problem, and exits with 2', async () => {
  const owner = await startOwner();
  const { child, exited, lines } = startProgram({ BOT_BOTTLE_CONTROL: 'stdio' });
  const launcher = owner.connect(child.stdin, child.stdout);
  const config = { bottle: 'b', listen: '0.0.0.0:1', tools: ['rm'], response_timeout_seconds: 0 };
  const failure: unknown = await launcher
    .configure(config, { SUPERVISE_ACCESS_TOKEN: '' })
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: 'ProtocolRefusal' });
  for (const part of ['access token is empty', 'tools.0', 'response_timeout_seconds'])
    expect(String(failure)).toContain(part);
  expect(await exited).toBe(2);
  expect(lines).toMatchObject([{ event: 'refused' }]);
});

it('takes its access token over the channel, and a new one', async () => {
  const owner = await startOwner();
  const { url, launcher, child } = await launchProgram(owner, {}, { SUPERVISE_ACCESS_TOKEN: 'first-token' });
  await expect(mcpClient(url)).rejects.toThrow();
  const client = await mcpClient(url, { token: 'first-token' });
  expect(codeOf(await call(client, 'list-egress-routes'))).toBeNull();
  await launcher.setSecrets({ SUPERVISE_ACCESS_TOKEN: 'second-token' });
  await expect(call(client, 'list-egress-routes')).rejects.toThrow();
  await mcpClient(url, { token: 'second-token' });
  const environ = await readFile(`/proc/${child.pid}/environ`, 'latin1');
  expect(environ).not.toContain('token');
});

it('logs nothing that the agent says', async () => {
  const owner = await startOwner();
  const { url, child, exited, lines } = await launchProgram(owner);
  const client = await mcpClient(url);
  await call(client, 'egress-block', { host: 'SENTINEL.example.com/', justification: 'SENTINEL' });
  await call(client, 'explain-denial', { denial: 'SENTINEL' });
  await client.callTool({ name: 'SENTINEL', arguments: {} }).catch(() => undefined);
  await fetch(url, { method: 'POST', body: '{SENTINEL' });
  child.kill('SIGTERM');
  expect(await exited).toBe(0);
  expect(lines.map(({ event }) => event)).toEqual(['listening', 'stopped']);
  expect(JSON.stringify(lines)).not.toContain('SENTINEL');
});
