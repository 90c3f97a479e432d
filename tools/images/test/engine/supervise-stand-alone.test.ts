import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stops, turnsHealthy } from './support/container.ts';
import { missingReader } from './support/engine.ts';
import { runReadme } from './support/readme-container.ts';
import type { StartedReadme } from './support/readme-container.ts';
import { openScene } from './support/scene.ts';
import type { Scene } from './support/scene.ts';

describe.skipIf(missingReader !== null)('the supervise image, as its README runs it', () => {
  let scene: Scene;
  let supervise: StartedReadme;
  let client: Client;

  beforeAll(async () => {
    scene = await openScene();
    const extra = ['--env', 'SUPERVISE_RESPONSE_TIMEOUT_SECONDS=0.1'];
    supervise = await runReadme(scene, { sidecar: 'supervise', port: 9100, extra });
    await turnsHealthy(scene, supervise.container);
    client = new Client({ name: 'test', version: '1.0.0' });
    await client.connect(
      new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${supervise.port}/mcp`)),
    );
  });
  afterAll(async () => {
    await client?.close();
    await scene?.close();
  });

  it('answers MCP tools/list', async () => {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(['egress-block', 'explain-denial', 'check-proposal']);
  });

  it('writes a proposal where the host finds it', async () => {
    await client.callTool({
      name: 'egress-block',
      arguments: { host: 'api.example.com', justification: 'a test' },
    });
    expect(await readdir(join(scene.folder, 'proposals'))).toHaveLength(1);
  });

  it('is not served to a page of another name', async () => {
    const response = await fetch(`http://127.0.0.1:${supervise.port}/mcp`, {
      method: 'POST',
      headers: { Origin: 'https://evil.example' },
      body: '{}',
    });
    expect(response.status).toBe(403);
  });

  it('ends in time when it is stopped', async () => {
    const { code, ms } = await stops(supervise.container);
    expect(code).toBe(0);
    expect(ms).toBeLessThan(8_000);
  });
});
