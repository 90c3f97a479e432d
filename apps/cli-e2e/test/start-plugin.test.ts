import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installation } from './support/installation.ts';
import { operators } from './support/operators.ts';
import { has } from './support/requirements.ts';
import { filesHolding, plantedSecret } from './support/secrets.ts';
import { Upstream } from './support/upstream.ts';
import { vendorWorld, type VendorWorld } from './support/vendor-world.ts';
import { World } from './support/world.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const example = path.join(root, 'docs/examples/gemini/provider.mjs');
const modules = path.join(root, '.cache/programs/node_modules');
const hasGemini = has('gemini', path.join(modules, '.bin/gemini'), ['--version']);
const answer = 'The bottle holds no key.';

/** Answers turns as a stream. What is not streamed is asked first, to choose the model, and wants a number in JSON. */
function fakeGemini(): Upstream {
  return new Upstream(['generativelanguage.googleapis.com'], (request, response) => {
    const said = (text: string): string =>
      JSON.stringify({
        candidates: [{ content: { role: 'model', parts: [{ text }] }, finishReason: 'STOP', index: 0 }],
      });
    if (request.url.includes(':streamGenerateContent')) {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.end(`data: ${said(answer)}\r\n\r\n`);
      return;
    }
    const choice = JSON.stringify({ complexity_reasoning: 'One sentence.', complexity_score: 1 });
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(said(choice));
  });
}

describe.each(operators)('start as $name: a plugin', (operator) => {
  const key = plantedSecret('AIza');
  let world: World;
  let api: Upstream;
  let vendor: VendorWorld;
  let options = {};

  beforeAll(async () => {
    api = fakeGemini();
    world = new World(operator);
    vendor = await vendorWorld(world, api);
    for (const name of ['gemini', 'broken']) {
      world.bottle(name, `agent_provider: { template: ${name} }\nsupervise: false`);
      world.agent(`uses-${name}`, name, 'You answer in one sentence.');
    }
    world.bottle('plain', 'agent_provider: { template: command, command: [sh] }\nsupervise: false');
    world.agent('uses-plain', 'plain');
    world.write('contrib/gemini/provider.mjs', readFileSync(example, 'utf8'));
    world.write('contrib/broken/provider.mjs', 'export default }');
    options = { env: { GEMINI_API_KEY: key, PATH: geminiPath() }, timeoutMs: 80_000 };
  });
  afterAll(async () => {
    await vendor.close();
  });

  const headless = ['--backend', 'bubblewrap', '--yes', '--headless', '--prompt'];

  it.skipIf(!hasGemini)('starts the real Gemini CLI, which has no key', async () => {
    const outcome = await world.cli(['start', 'uses-gemini', ...headless, 'Is it safe?'], options);
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining(answer) });
    expect(outcome.stderr).toContain(
      `provider      gemini (${world.botBottleHome}/contrib/gemini/provider.mjs)`,
    );
    const asked = api.seen.filter(({ body }) => body.includes('Is it safe?'));
    expect(asked.length).toBeGreaterThan(0);
    for (const { headers } of asked) expect(headers['x-goog-api-key']).toBe(key);
    expect(asked.some(({ body }) => body.includes('You answer in one sentence.'))).toBe(true);
    expect(outcome.stdout + outcome.stderr).not.toContain(key);
    expect(filesHolding(key, [world.botBottleHome])).toEqual([]);
  });

  it('that is broken stops only those who ask for it', async () => {
    const broken = await world.cli(['start', 'uses-broken', ...headless, 'x'], options);
    expect(broken).toMatchObject({ code: 1, stdout: '' });
    expect(broken.stderr).toContain('contrib/broken/provider.mjs: loading it failed');
    const plain = await world.cli(['start', 'uses-plain', ...headless, 'echo fine'], options);
    expect(plain).toMatchObject({ code: 0, stdout: 'fine\n' });
  });

  it('of a repository is not looked for', async () => {
    world.write('../work/.bot-bottle/contrib/sneaky/provider.mjs', "throw new Error('run')");
    world.bottle('sneaky', 'agent_provider: { template: sneaky }\nsupervise: false');
    world.agent('uses-sneaky', 'sneaky');
    const cwd = path.join(world.home, 'work');
    const outcome = await world.cli(['start', 'uses-sneaky', ...headless, 'x'], { ...options, cwd });
    expect(outcome).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no provider is called "sneaky"'),
    });
  });
});

/** The package as `npm install --global` lays it out, where every operator can read it. */
function geminiPath(): string {
  const { node } = installation();
  const system = `${path.dirname(node)}:/usr/bin:/bin`;
  if (!hasGemini) return system;
  const prefix = path.join(path.dirname(path.dirname(node)), 'global');
  const program = 'lib/node_modules/@google/gemini-cli';
  if (!existsSync(prefix)) {
    cpSync(path.join(modules, '@google/gemini-cli'), path.join(prefix, program), { recursive: true });
    mkdirSync(path.join(prefix, 'bin'));
    symlinkSync(`../${program}/bundle/gemini.js`, path.join(prefix, 'bin/gemini'));
    execFileSync('chmod', ['-R', 'go+rX', prefix]);
  }
  return `${path.join(prefix, 'bin')}:${system}`;
}
