import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { startOwner } from './support/owner.ts';
import { launchProgram } from './support/program.ts';
import { tempDir } from './support/temp-dir.ts';

const manifest = createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json');
const suite = join(dirname(manifest), 'dist/index.js');
const run = promisify(execFile);

/** Scenarios of the public suite for what this server offers. */
const applicable = ['server-initialize', 'ping', 'tools-list', 'dns-rebinding-protection'];

const exampleTool = 'calls an example tool of the suite (test_…), which this server does not have';
const noResources = 'this server offers no resources';
const noPrompts = 'this server offers no prompts';
const asksNothing = 'this server asks its clients nothing';
const noSessions = 'this server keeps no session, so there is no stream to resume';

/** Every other scenario, and why it does not apply. */
const others: Readonly<Record<string, string>> = {
  'logging-set-level': 'this server sends no log messages',
  'completion-complete': 'this server completes nothing',
  'tools-call-simple-text': exampleTool,
  'tools-call-image': exampleTool,
  'tools-call-audio': exampleTool,
  'tools-call-embedded-resource': exampleTool,
  'tools-call-mixed-content': exampleTool,
  'tools-call-with-logging': exampleTool,
  'tools-call-error': exampleTool,
  'tools-call-with-progress': exampleTool,
  'tools-call-sampling': asksNothing,
  'tools-call-elicitation': asksNothing,
  'json-schema-2020-12': exampleTool,
  'elicitation-sep1034-defaults': asksNothing,
  'elicitation-sep1330-enums': asksNothing,
  'server-sse-polling': noSessions,
  'server-sse-multiple-streams': noSessions,
  'resources-list': noResources,
  'resources-read-text': noResources,
  'resources-read-binary': noResources,
  'resources-templates-read': noResources,
  'resources-subscribe': noResources,
  'resources-unsubscribe': noResources,
  'prompts-list': noPrompts,
  'prompts-get-simple': noPrompts,
  'prompts-get-with-args': noPrompts,
  'prompts-get-embedded-resource': noPrompts,
  'prompts-get-with-image': noPrompts,
};

interface Check {
  readonly id: string;
  readonly status: string;
  readonly errorMessage?: string;
}

async function checksIn(folder: string): Promise<Check[]> {
  const names = await readdir(folder, { recursive: true });
  const files = names.filter((name) => name.endsWith('checks.json'));
  const found = files.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8')) as Check[]);
  return (await Promise.all(found)).flat();
}

describe('the public conformance suite of MCP', () => {
  it('has no scenario that is neither run nor known not to apply', async () => {
    const { stdout } = await run(process.execPath, [suite, 'list', '--server'], { timeout: 20_000 });
    const scenarios = [...stdout.matchAll(/^ {2}- (\S+)/gm)].map(([, name]) => name);
    expect(scenarios.length).toBeGreaterThan(20);
    expect(new Set(scenarios)).toEqual(new Set([...applicable, ...Object.keys(others)]));
  });

  it.each(applicable)('passes %s', async (scenario) => {
    const folder = await tempDir();
    const { url } = await launchProgram(await startOwner());
    const args = [suite, 'server', '--url', url.href, '--scenario', scenario, '-o', folder];
    const { stdout } = await run(process.execPath, args, { cwd: folder, timeout: 30_000 });
    const checks = await checksIn(folder);
    expect(checks.length, stdout).toBeGreaterThan(0);
    expect(checks.filter(({ status }) => status !== 'SUCCESS' && status !== 'INFO')).toEqual([]);
    expect(checks.some(({ status }) => status === 'SUCCESS')).toBe(true);
  });
});
