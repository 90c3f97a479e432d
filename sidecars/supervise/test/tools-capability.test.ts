import { superviseTools } from '@bot-bottle/supervise';
import { expect, it } from 'vitest';
import { readEnvironment } from '../src/main/read-environment.ts';
import { call, codeOf, mcpClient } from './support/mcp-client.ts';
import { startServer } from './support/server.ts';
import { tempDir } from './support/temp-dir.ts';

const current = 'FROM agent\nRUN earlier\n';
const offered = {
  config: { response_timeout_seconds: 30, tools: [...superviseTools], dockerfile: current },
};
const asked = { dockerfile: 'FROM agent\nUSER root\nRUN later\n', justification: 'the tests need it' };

it('is not offered unless the configuration says so', async () => {
  const { url } = await startServer();
  const client = await mcpClient(url);
  expect((await client.listTools()).tools.map(({ name }) => name)).not.toContain('capability-block');
  await expect(call(client, 'capability-block', asked)).rejects.toThrow(/Unknown tool/);
});

it('tells what it would replace, asks with it, and hears the answer', async () => {
  const { owner, url } = await startServer(offered);
  const client = await mcpClient(url);
  const { tools } = await client.listTools();
  expect(tools.find(({ name }) => name === 'capability-block')?.description).toContain(current);
  const answer = call(client, 'capability-block', asked);
  const { proposal } = await owner.open();
  expect(proposal.request).toEqual({ kind: 'capability-block', ...asked, current });
  await owner.reject('not this one');
  expect((await answer).said).toMatchObject({ status: 'rejected', notes: 'not this one' });
});

it('a long one is not repeated to the model at every turn', async () => {
  const dockerfile = `FROM agent\n# ${'x'.repeat(9000)}\n`;
  const { url } = await startServer({ config: { ...offered.config, dockerfile } });
  const [tool] = (await (await mcpClient(url)).listTools()).tools.filter(
    ({ name }) => name === 'capability-block',
  );
  expect(tool?.description).toContain('too long to be shown');
  expect(tool?.description).not.toContain('xxx');
});

it.each([
  ['another image', 'FROM debian\nADD x /', /line 1: FROM must name agent.*line 2: ADD is refused/],
  ['what cannot be seen', 'FROM agent\nRUN id \u202e', /line 2 holds a character/],
])('refuses %s at once, with every problem, and no human hears of it', async (_what, dockerfile, problem) => {
  const { owner, url } = await startServer(offered);
  const answer = await call(await mcpClient(url), 'capability-block', { ...asked, dockerfile });
  expect(codeOf(answer)).toBe('invalid_arguments');
  expect(JSON.stringify(answer.said)).toMatch(problem);
  expect(owner.desk.list()).toEqual([]);
});

it.each([
  [{ ...asked, justification: ' \n' }],
  [{ ...asked, dockerfile: '' }],
  [{ ...asked, dockerfile: `FROM agent\n# ${'x'.repeat(33_000)}` }],
  [{ ...asked, current: 'FROM agent' }],
  [{ dockerfile: asked.dockerfile }],
])('refuses %j', async (given) => {
  const { owner, url } = await startServer(offered);
  expect(codeOf(await call(await mcpClient(url), 'capability-block', given))).toBe('invalid_arguments');
  expect(owner.proposals).toEqual([]);
});

it('stand-alone it is offered only where it is named, and where somebody can answer', async () => {
  const [proposals, responses] = [await tempDir(), await tempDir()];
  const env = {
    SUPERVISE_BOTTLE_SLUG: 'demo',
    SUPERVISE_PROPOSALS: proposals,
    SUPERVISE_RESPONSES: responses,
  };
  expect(readEnvironment({ ...env }).config.tools).not.toContain('capability-block');
  expect(readEnvironment({ ...env, SUPERVISE_TOOLS: 'capability-block' }).config.tools).toEqual([
    'capability-block',
  ]);
  expect(() =>
    readEnvironment({ SUPERVISE_BOTTLE_SLUG: 'demo', SUPERVISE_TOOLS: 'capability-block' }),
  ).toThrow();
});
