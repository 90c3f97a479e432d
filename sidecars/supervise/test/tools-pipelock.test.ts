import { renderDenial } from '@bot-bottle/audit';
import { superviseTools } from '@bot-bottle/supervise';
import { expect, it } from 'vitest';
import { allTools } from '../src/tools/all-tools.ts';
import type { ToolContent, ToolContext } from '../src/tools/tool.ts';
import { call, codeOf, mcpClient } from './support/mcp-client.ts';
import { startServer } from './support/server.ts';

const offered = { config: { response_timeout_seconds: 30, tools: [...superviseTools] } };
const justification = 'the download leads there';

it('is not offered unless the configuration says so', async () => {
  const { url } = await startServer();
  const client = await mcpClient(url);
  expect((await client.listTools()).tools.map(({ name }) => name)).not.toContain('pipelock-block');
  const asked = { failed_url: 'https://a.example/', justification };
  await expect(call(client, 'pipelock-block', asked)).rejects.toThrow(/Unknown tool/);
});

it('asks for the host of the URL alone, shows the path, and leaves out the query', async () => {
  const { owner, url } = await startServer(offered);
  const failed = 'https://CDN.Example:8443/files/x.tgz?signature=abc#top';
  const answer = call(await mcpClient(url), 'pipelock-block', { failed_url: failed, justification });
  const { proposal } = await owner.open();
  expect(proposal.request).toEqual({
    kind: 'pipelock-block',
    host: 'cdn.example',
    url: 'https://cdn.example:8443/files/x.tgz',
    justification,
  });
  await owner.reject('not there');
  expect((await answer).said).toMatchObject({ status: 'rejected', notes: 'not there' });
});

it.each([
  'cdn.example',
  'ftp://cdn.example/',
  'https://',
  'https://user:word@cdn.example/',
  'https://10.0.0.1/',
  'https://[::1]/',
  'https://0x7f.1/',
  'https://*.example.com/',
  'https://supervise/',
])('refuses %s at once, and no human hears of it', async (failed) => {
  const { owner, url } = await startServer(offered);
  const answer = await call(await mcpClient(url), 'pipelock-block', { failed_url: failed, justification });
  expect(codeOf(answer)).toBe('invalid_arguments');
  expect(owner.desk.list()).toEqual([]);
});

const explain = async (denial: unknown, tools: readonly string[]): Promise<ToolContent> =>
  await allTools['explain-denial'].prepare({ denial })({ offered: new Set(tools) } as unknown as ToolContext);

it('is what explain-denial leads to when the guard refused, where it is offered', async () => {
  const { body } = renderDenial({
    layer: 'egress',
    code: 'guard_denied',
    target: 'GET https://cdn.example/x',
    ask: { tool: 'pipelock-block', arguments: { failed_url: 'https://cdn.example/' } },
  });
  expect((await explain(body, ['pipelock-block']))['call']).toEqual({
    tool: 'pipelock-block',
    arguments: { failed_url: 'https://cdn.example/', justification: '<what you need it for>' },
  });
  expect((await explain('guard_denied', ['pipelock-block']))['call']).toMatchObject({
    arguments: { failed_url: '<the URL that was refused>' },
  });
  expect((await explain(body, ['egress-block']))['call']).toBeNull();
});
