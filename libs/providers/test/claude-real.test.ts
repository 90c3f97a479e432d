import { spawn } from 'node:child_process';
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { claudeProvider, promptPath } from '../src/index.ts';
import { fakeAnthropic } from './fake-anthropic.ts';
import { claudeProgram } from './real-programs.ts';
import { sampleContext } from './sample-context.ts';

describe('the real Claude Code', () => {
  it.skipIf(claudeProgram === undefined)(
    'starts with the plan, sends the prompt file, and asks for allowed paths only',
    async () => {
      const home = await mkdtemp(join(tmpdir(), 'bot-bottle-claude-'));
      onTestFinished(async () => await rm(home, { recursive: true, force: true }));
      const api = await fakeAnthropic('pong from the fake');
      onTestFinished(async () => await api.close());
      const workdir = join(home, 'workspace');
      await mkdir(workdir);
      const context = {
        ...sampleContext({ authToken: 'T' }, {}, 'You are BOTTLED-PROMPT.'),
        guestHome: home,
        workdir,
      };
      const plan = claudeProvider.plan(context);
      for (const { path } of plan.dirs) await mkdir(path, { recursive: true });
      for (const { path, source } of plan.files) {
        await mkdir(dirname(path), { recursive: true });
        if ('content' in source) await writeFile(path, source.content);
      }
      await writeFile(promptPath(home), context.prompt);
      const runtime = claudeProvider.runtime(context);
      const args = [
        ...runtime.bypassArgs,
        ...(runtime.promptArgs ?? []),
        ...runtime.headlessArgs('say pong', { resume: false }).args,
      ];
      const child = spawn(claudeProgram ?? '', args, {
        cwd: workdir,
        stdio: ['ignore', 'pipe', 'pipe'],
        // Anything but the fake meets a closed port.
        env: {
          ...plan.env,
          HOME: home,
          PATH: process.env['PATH'],
          IS_SANDBOX: '1',
          ANTHROPIC_BASE_URL: api.url,
          HTTPS_PROXY: 'http://127.0.0.1:1',
          NO_PROXY: '127.0.0.1',
        },
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      const [out, error] = await Promise.all([text(child.stdout), text(child.stderr)]);
      expect(`${out}${error}`).toContain('pong from the fake');
      const prompts = api.seen.filter(({ path }) => path.startsWith('/v1/messages'));
      expect(prompts.some(({ body }) => body.includes('BOTTLED-PROMPT'))).toBe(true);
      expect(prompts.every(({ authorization }) => authorization === 'Bearer egress-placeholder')).toBe(true);
      const allowed = plan.egressRoutes[0]?.pathAllowlist ?? [];
      const refused = api.seen.filter(
        ({ method, path }) => method !== 'HEAD' && !allowed.some((prefix) => path.startsWith(prefix)),
      );
      expect(refused).toEqual([]);
      expect(await readFile(join(home, '.claude.json'), 'utf8')).toContain('hasCompletedOnboarding');
    },
    60_000,
  );
});
