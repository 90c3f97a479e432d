import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { verifyAudit } from '@bot-bottle/audit';
import { MAX_OPEN, proposalDigest, proposalSchema } from '@bot-bottle/supervise';
import type { Proposal, Response } from '@bot-bottle/supervise';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readEnvironment } from '../src/main/read-environment.ts';
import { call, codeOf, mcpClient } from './support/mcp-client.ts';
import { entry } from './support/owner.ts';
import { startProgram } from './support/program.ts';
import type { Program } from './support/program.ts';
import { tempDir } from './support/temp-dir.ts';

const request = { host: 'api.example.com', justification: 'the tests fetch fixtures' };

interface World {
  readonly env: Record<string, string>;
  readonly proposals: string;
  readonly responses: string;
}

async function world(): Promise<World> {
  const folder = await tempDir();
  const proposals = join(folder, 'proposals');
  const responses = join(folder, 'responses');
  for (const each of [proposals, responses]) await mkdir(each, { mode: 0o700 });
  const env = {
    SUPERVISE_LISTEN: '127.0.0.1:0',
    SUPERVISE_BOTTLE_SLUG: 'demo',
    SUPERVISE_PROPOSALS: proposals,
    SUPERVISE_RESPONSES: responses,
    SUPERVISE_RESPONSE_TIMEOUT_SECONDS: '0.3',
  };
  return { env, proposals, responses };
}

async function started(env: Record<string, string>): Promise<Program & { readonly url: URL }> {
  const program = startProgram(env);
  const { address } = await program.logged('listening');
  return { ...program, url: new URL(`http://${String(address)}/mcp`) };
}

async function proposalsIn(folder: string): Promise<Proposal[]> {
  // drafts have other names
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  const texts = await Promise.all(names.map(async (name) => await readFile(join(folder, name), 'utf8')));
  return texts.map((text) => proposalSchema.parse(JSON.parse(text)));
}

const responseTo = (proposal: Proposal, changes: Partial<Response> = {}): string =>
  JSON.stringify({
    id: proposal.id,
    outcome: 'approved',
    reason: 'fine',
    decided: '2026-01-02T03:04:05.678Z',
    by: 'op',
    digest: proposalDigest(proposal),
    applied: 'added to routes.json',
    ...changes,
  });

describe('with proposals and responses as files', () => {
  it('writes a proposal and reads the answer', async () => {
    const { env, proposals, responses } = await world();
    const { url } = await started({ ...env, SUPERVISE_RESPONSE_TIMEOUT_SECONDS: '20' });
    const asked = call(await mcpClient(url), 'egress-block', request);
    await expect.poll(async () => (await proposalsIn(proposals)).length, { timeout: 5000 }).toBe(1);
    const [proposal] = await proposalsIn(proposals);
    if (proposal === undefined) throw new Error('none');
    expect(proposal).toMatchObject({ bottle: 'demo', sidecar: 'supervise', request });
    expect((await stat(join(proposals, `${proposal.id}.json`))).mode & 0o777).toBe(0o600);
    await writeFile(join(responses, `${proposal.id}.json`), responseTo(proposal));
    expect((await asked).said).toMatchObject({
      status: 'approved',
      id: proposal.id,
      notes: 'fine',
      applied: 'added to routes.json',
      grant: null,
    });
  });

  it('answers pending, joins what is open, and tells the end after a restart', async () => {
    const { env, proposals, responses } = await world();
    const first = await started(env);
    const client = await mcpClient(first.url);
    const [one, two] = await Promise.all([1, 2].map(async () => await call(client, 'egress-block', request)));
    expect(one?.said).toMatchObject({ status: 'pending' });
    expect(two?.said['id']).toBe(one?.said['id']);
    first.child.kill('SIGTERM');
    expect(await first.exited).toBe(0);
    const second = await started(env);
    const again = await mcpClient(second.url);
    expect((await call(again, 'egress-block', request)).said['id']).toBe(one?.said['id']);
    const [proposal] = await proposalsIn(proposals);
    if (proposal === undefined) throw new Error('none');
    await writeFile(join(responses, `${proposal.id}.json`), responseTo(proposal, { outcome: 'rejected' }));
    expect((await call(again, 'check-proposal', { id: proposal.id })).said).toMatchObject({
      status: 'rejected',
    });
  });

  it('wears no human down: few are open at a time', async () => {
    const { env, proposals } = await world();
    const { url } = await started({ ...env, SUPERVISE_RESPONSE_TIMEOUT_SECONDS: '0.01' });
    const client = await mcpClient(url);
    const asked = Array.from({ length: 30 }, async (_, index) =>
      codeOf(await call(client, 'egress-block', { ...request, host: `h${index}.example.com` })),
    );
    const codes = await Promise.all(asked);
    expect(codes.filter((code) => code === null)).toHaveLength(MAX_OPEN);
    expect(new Set(codes)).toEqual(new Set([null, 'too_many_proposals']));
    expect(await readdir(proposals)).toHaveLength(MAX_OPEN);
  });

  it.each<[string, (proposal: Proposal) => string]>([
    ['another digest', (proposal) => responseTo(proposal, { digest: '0'.repeat(64) })],
    ['another id', (proposal) => responseTo(proposal, { id: '0'.repeat(16) })],
    ['no outcome', (proposal) => responseTo(proposal).replace('approved', 'sure')],
    ['half a file', (proposal) => responseTo(proposal).slice(0, 40)],
    ['a large file', (proposal) => responseTo(proposal).padEnd(2 * 1024 * 1024)],
  ])('takes %s for no answer, and tells the operator once', async (_what, text) => {
    const { env, proposals, responses } = await world();
    const { url, lines } = await started(env);
    const client = await mcpClient(url);
    const { said } = await call(client, 'egress-block', request);
    const [proposal] = await proposalsIn(proposals);
    if (proposal === undefined) throw new Error('none');
    await writeFile(join(responses, `${proposal.id}.json`), text(proposal));
    for (let index = 0; index < 2; index += 1)
      expect((await call(client, 'check-proposal', { id: said['id'] })).said).toMatchObject({
        status: 'pending',
      });
    expect(lines.filter(({ event }) => event === 'response_ignored')).toHaveLength(1);
  });

  it('follows no link and reads no file that everybody can write', async () => {
    const { env, proposals, responses } = await world();
    const { url } = await started(env);
    const client = await mcpClient(url);
    const { said } = await call(client, 'egress-block', request);
    const [proposal] = await proposalsIn(proposals);
    if (proposal === undefined) throw new Error('none');
    const elsewhere = join(await tempDir(), 'response.json');
    await writeFile(elsewhere, responseTo(proposal));
    await symlink(elsewhere, join(responses, `${proposal.id}.json`));
    expect((await call(client, 'check-proposal', { id: said['id'] })).said).toMatchObject({
      status: 'pending',
    });
  });

  it('says so when proposals cannot be written', async () => {
    const { env, proposals } = await world();
    const { url } = await started(env);
    const client = await mcpClient(url);
    await rm(proposals, { recursive: true });
    const answer = await call(client, 'egress-block', request);
    expect(answer.said).toMatchObject({ error: { code: 'queue_unavailable', retryable: true } });
  });

  it('keeps a verifiable audit log where it is told to', async () => {
    const { env } = await world();
    const dir = join(await tempDir(), 'audit');
    const program = await started({ ...env, SUPERVISE_AUDIT: dir });
    const client = await mcpClient(program.url);
    const { said } = await call(client, 'egress-block', request);
    program.child.kill('SIGTERM');
    expect(await program.exited).toBe(0);
    const text = await readFile(join(dir, 'demo', 'supervise.jsonl'), 'utf8');
    expect(text).toContain(`"target":"${String(said['id'])} api.example.com"`);
    expect(text).not.toContain('fixtures');
    expect((await verifyAudit({ dir, bottle: 'demo' })).problems).toEqual([]);
  });
});

describe('with an egress proxy', () => {
  /** A proxy that answers its own name as `sidecar-egress` does. */
  async function proxy(answer: string, status = 200): Promise<{ url: string; seen: string[] }> {
    const seen: string[] = [];
    const server = createServer((asked, response) => {
      seen.push(`${asked.method} ${asked.url} ${asked.headers['proxy-authorization'] ?? ''}`);
      response.writeHead(status).end(answer);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const bound = server.address();
    return { url: `127.0.0.1:${typeof bound === 'object' ? bound?.port : 0}`, seen };
  }

  it('lists the routes that it tells', async () => {
    const { env } = await world();
    const { url: address, seen } = await proxy(JSON.stringify({ routes: [entry('mirror.example.com')] }));
    const { url } = await started({ ...env, SUPERVISE_EGRESS_URL: `http://bottle:pass%20word@${address}` });
    const { said } = await call(await mcpClient(url), 'list-egress-routes');
    expect(said).toMatchObject({ routes: [{ host: 'mirror.example.com' }] });
    const basic = Buffer.from('bottle:pass word').toString('base64');
    expect(seen).toEqual([`GET http://_egress.local/allowlist Basic ${basic}`]);
  });

  it.each([
    ['no JSON', 'hello', 200],
    ['another shape', '{"routes":[{"host":7}]}', 200],
    ['a refusal', '{}', 407],
    ['too much', ' '.repeat(3 * 1024 * 1024), 200],
  ])('answers %s with a tool result that is an error', async (_what, text, status) => {
    const { env } = await world();
    const { url: address } = await proxy(text, status);
    const { url } = await started({ ...env, SUPERVISE_EGRESS_URL: `http://${address}` });
    expect(codeOf(await call(await mcpClient(url), 'list-egress-routes'))).toBe('unavailable');
  });
});

describe('its configuration', () => {
  it('tells every problem at once, repeats no secret, and exits with 2', async () => {
    const { exited, lines } = startProgram({
      SUPERVISE_LISTEN: '0.0.0.0:9100',
      SUPERVISE_BOTTLE_SLUG: '../demo',
      SUPERVISE_PROPOSALS: '/nowhere/at/all',
      SUPERVISE_RESPONSE_TIMEOUT_SECONDS: '0',
      SUPERVISE_EGRESS_URL: 'ftp://user:hunter2@proxy/',
      SUPERVISE_TOOLS: 'rm egress-block',
      SUPERVISE_ACCESS_TOKEN: '',
    });
    expect(await exited).toBe(2);
    const problems = lines.map(({ problem }) => String(problem)).join('\n');
    for (const part of [
      'SUPERVISE_LISTEN: ',
      'SUPERVISE_BOTTLE_SLUG is not a name',
      'SUPERVISE_PROPOSALS does not exist',
      'SUPERVISE_PROPOSALS and SUPERVISE_RESPONSES go together',
      'SUPERVISE_RESPONSE_TIMEOUT_SECONDS is not a positive number',
      'SUPERVISE_EGRESS_URL is not',
      'there is no tool "rm"',
      'egress-block needs',
      'SUPERVISE_ACCESS_TOKEN is empty',
    ])
      expect(problems).toContain(part);
    expect(problems).not.toContain('hunter2');
  });

  it.each(['-1', '0', 'soon', 'NaN', 'Infinity', '1e9', '301', ' '])(
    'refuses to wait %j seconds',
    async (text) => {
      const { exited } = startProgram({
        SUPERVISE_LISTEN: '127.0.0.1:0',
        SUPERVISE_BOTTLE_SLUG: 'demo',
        SUPERVISE_RESPONSE_TIMEOUT_SECONDS: text,
      });
      expect(await exited).toBe(2);
    },
  );

  it('is refused when the responses are where the proposals are, or when everybody can write them', async () => {
    const { env, proposals, responses } = await world();
    const one = startProgram({ ...env, SUPERVISE_RESPONSES: proposals });
    expect(await one.exited).toBe(2);
    await chmod(responses, 0o777);
    const other = startProgram(env);
    expect(await other.exited).toBe(2);
    expect(JSON.stringify(other.lines)).toContain('SUPERVISE_RESPONSES can be written by everybody');
  });

  it('offers what it is configured for, or less', async () => {
    const alone = await started({ SUPERVISE_LISTEN: '127.0.0.1:0', SUPERVISE_BOTTLE_SLUG: 'demo' });
    const names = async (url: URL): Promise<string[]> =>
      (await (await mcpClient(url)).listTools()).tools.map(({ name }) => name);
    expect(await names(alone.url)).toEqual(['explain-denial']);
    const { env } = await world();
    const less = await started({ ...env, SUPERVISE_TOOLS: 'egress-block, explain-denial' });
    expect(await names(less.url)).toEqual(['egress-block', 'explain-denial']);
  });

  it('is known by the address that it is told to listen on', () => {
    const env = { SUPERVISE_LISTEN: '10.9.8.7:9100', SUPERVISE_BOTTLE_SLUG: 'demo' };
    expect(readEnvironment(env).config.hosts).toEqual(['supervise:9100', '10.9.8.7:9100']);
  });

  it('deletes what is secret from its environment', () => {
    const env = {
      SUPERVISE_BOTTLE_SLUG: 'demo',
      SUPERVISE_ACCESS_TOKEN: 'stand-alone-token',
      SUPERVISE_EGRESS_URL: 'http://bottle:hunter2@127.0.0.1:9099',
    };
    expect(readEnvironment(env).secrets).toEqual({ SUPERVISE_ACCESS_TOKEN: 'stand-alone-token' });
    expect(env).toEqual({ SUPERVISE_BOTTLE_SLUG: 'demo' });
  });

  it('asks for the access token', async () => {
    const { env } = await world();
    const { url } = await started({ ...env, SUPERVISE_ACCESS_TOKEN: 'stand-alone-token' });
    await expect(mcpClient(url)).rejects.toThrow();
    await mcpClient(url, { token: 'stand-alone-token' });
  });
});
