import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { claudeProvider, codexProvider, type AgentProvider } from '../src/index.ts';
import { fakeAnthropic } from './fake-anthropic.ts';
import { fakeResponses } from './fake-responses.ts';
import { claudeProgram, codexProgram } from './real-programs.ts';
import { sampleContext } from './sample-context.ts';
import { slowMcp } from './slow-mcp.ts';

const run = promisify(execFile);

/** Longer than what either program waits for by itself: Claude Code 2 and 5 s, Codex 1 s. */
const slow = 7_000;

/** A home as the provider plans it, with the supervise tools registered, and a headless run of `program` in it. */
async function headless(
  provider: AgentProvider,
  program: string,
  url: string,
  api: { readonly env?: Record<string, string>; readonly args?: readonly string[] },
): Promise<void> {
  const home = await realpath(await mkdtemp(join(tmpdir(), 'bot-bottle-first-turn-')));
  onTestFinished(async () => await rm(home, { recursive: true, force: true, maxRetries: 3 }));
  const context = { ...sampleContext(), guestHome: home, workdir: home };
  const plan = await provider.plan(context);
  for (const { path } of plan.dirs) await mkdir(path, { recursive: true });
  for (const { path, source } of plan.files) if ('content' in source) await writeFile(path, source.content);
  const env = {
    ...plan.env,
    HOME: home,
    PATH: `${dirname(program)}:${process.env['PATH'] ?? ''}`,
    IS_SANDBOX: '1',
    // Anything but the fakes meets a closed port.
    HTTPS_PROXY: 'http://127.0.0.1:1',
    NO_PROXY: '127.0.0.1',
    ...api.env,
  };
  const options = { cwd: home, env, timeout: 60_000 };
  for (const { argv } of provider.superviseCommands(url)) await finished(argv, options);
  const runtime = provider.runtime(context);
  const { args } = runtime.headlessArgs('Build it.', { resume: false });
  await finished([...runtime.command, ...runtime.bypassArgs, ...(api.args ?? []), ...args], options);
}

async function finished(
  [program = '', ...args]: readonly string[],
  options: { cwd: string; env: Record<string, string>; timeout: number },
): Promise<void> {
  const running = run(program, args, options);
  running.child.stdin?.end();
  await running;
}

describe('the first turn of a headless run knows the supervise tools, however slow their server is', () => {
  it.skipIf(claudeProgram === undefined)(
    'with the real Claude Code',
    async () => {
      const mcp = await slowMcp(slow);
      onTestFinished(async () => await mcp.close());
      const api = await fakeAnthropic('done');
      onTestFinished(async () => await api.close());
      await headless(claudeProvider, claudeProgram ?? '', mcp.url, {
        env: { ANTHROPIC_BASE_URL: api.url, ANTHROPIC_API_KEY: 'placeholder' },
      });
      const turns = api.seen.filter(({ body }) => body.includes('Build it.') && body.includes('"tools":['));
      expect(turns.length).toBeGreaterThan(0);
      for (const { body } of turns) expect(toolNames(body)).toContain('mcp__supervise__egress-block');
    },
    90_000,
  );

  it.skipIf(codexProgram === undefined)(
    'with the real Codex',
    async () => {
      const mcp = await slowMcp(slow);
      onTestFinished(async () => await mcp.close());
      const api = await fakeResponses('done');
      onTestFinished(async () => await api.close());
      const model = `{ name = "fake", base_url = "${api.url}/v1", wire_api = "responses" }`;
      await headless(codexProvider, codexProgram ?? '', mcp.url, {
        args: ['-c', 'model_provider="fake"', '-c', `model_providers.fake=${model}`],
      });
      expect(api.bodies.length).toBeGreaterThan(0);
      // Codex names the tools by their server, and lists them when the model asks for more.
      expect(api.bodies.map((body) => body.includes('mcp__supervise'))).not.toContain(false);
    },
    90_000,
  );
});

function toolNames(body: string): string[] {
  const { tools } = JSON.parse(body) as { tools: Array<{ name: string }> };
  return tools.map(({ name }) => name);
}
