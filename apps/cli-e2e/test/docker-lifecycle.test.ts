import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { project, stopAll } from './support/copied-project.ts';
import { docker, ownedBy } from './support/docker-engine.ts';
import { canRunOnDocker, DockerWorld } from './support/docker-world.ts';
import { eventually } from './support/eventually.ts';
import { stateDir } from './support/kept-bottle.ts';

/** Collects what a terminal shows. */
function screenOf(child: ChildProcess): () => string {
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  child.stdin?.on('error', () => {});
  return () => text;
}

/** What an agent may leave behind; runs in its workspace. */
const changes = `echo changed > a.txt; rm gone.txt; mkdir -p .git/hooks sub
printf '#!/bin/sh\\n' > .git/hooks/post-checkout; chmod +x .git/hooks/post-checkout
echo text > sub/file; ln -s file sub/inside; ln -s /etc/passwd sub/absolute; ln -s ../../../.. sub/up
touch "$(printf 'esc\\033[2J')"`;

/** The life of one bottle, each step as the operator takes it, one after the other. */
describe.skipIf(!canRunOnDocker)('a bottle on docker, from its start to its end', () => {
  let world: DockerWorld;
  let cwd = '';
  let slug = '';

  beforeAll(() => {
    world = new DockerWorld();
    world.bottle('shell', 'agent_provider: { template: command, command: [bash, --norc] }');
    world.agent('worker', 'shell');
    cwd = project(world, { 'a.txt': 'one\n', 'gone.txt': '', 'mode.sh': '' });
  });
  afterAll(() => stopAll(world), 120_000);

  it('start --detach prints its identity, and it outlives the command', async () => {
    const { code, stdout, stderr } = await world.cli(['start', 'worker', '--yes', '--detach', '--cwd'], {
      cwd,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('attach') });
    slug = stdout.trim();
    expect(slug).toMatch(/^worker-[0-9a-z]{5}$/);
    expect(await world.active()).toEqual([slug]);
    const { stdout: listed } = await world.cli(['list']);
    expect(listed).toMatch(new RegExp(`${slug}.*docker`));
  }, 300_000);

  it('exec runs in it, with stdio, exit code and the environment of the agent', async () => {
    const script = 'cat; pwd; cat a.txt; id -u; printf "%s\\n" "$HTTPS_PROXY"; exit 5';
    const { code, stdout } = await world.cli(['exec', slug, '--', 'sh', '-c', script], { input: 'given\n' });
    expect({ code, stdout }).toEqual({
      code: 5,
      stdout: 'given\n/home/node/workspace\none\n1000\nhttp://egress:9099\n',
    });
  });

  it('attach joins the terminal of the agent, twice, and leaves it running', async () => {
    const first = world.startOnTerminal(['attach', slug]);
    const second = world.startOnTerminal(['attach', slug]);
    const screens = [screenOf(first), screenOf(second)];
    first.stdin?.write('echo sum-$((40+2)); stty size\r');
    for (const screen of screens) await eventually('both see it', () => screen().includes('sum-42'));
    const ended = [once(first, 'exit'), once(second, 'exit')];
    first.kill('SIGTERM');
    second.kill('SIGTERM');
    await Promise.all(ended);
    expect(await world.active()).toEqual([slug]);
  }, 120_000);

  it('diff shows what the agent changed, what could execute first', async () => {
    const { code } = await world.cli(['exec', slug, '--', 'bash', '-c', changes]);
    expect(code).toBe(0);
    const { stdout } = await world.cli(['diff', slug]);
    expect(stdout.startsWith('could execute here:\n')).toBe(true);
    expect(stdout).toMatch(/git +\.git\/hooks\/post-checkout/);
    expect(stdout).toMatch(/a\.txt/);
    expect(stdout).not.toMatch(/[^\P{C}\n]/u);
    expect(readFileSync(path.join(cwd, 'a.txt'), 'utf8')).toBe('one\n');
  }, 120_000);

  it('cp copies out what is safe, and nothing that leads out', async () => {
    const destination = path.join(world.home, 'copied');
    mkdirSync(destination);
    const { code, stderr } = await world.cli(['cp', `${slug}:sub`, destination]);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringMatching(/absolute/) });
    expect(readdirSync(path.join(destination, 'sub')).toSorted()).toEqual(['file', 'inside']);
    const refused = await world.cli(['cp', `${slug}:sub/absolute`, destination]);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
  }, 120_000);

  it('logs show what sidecars said, and audit what they denied', async () => {
    await world.cli(['exec', slug, '--', 'curl', '-s', '-m', '9', 'https://undeclared.example/']);
    expect(await world.cli(['logs', slug, 'egress'])).toMatchObject({ code: 0 });
    expect((await world.cli(['logs', slug, 'git-gate'])).code).toBe(1);
    const { stdout } = await world.cli(['audit', slug, '--json']);
    expect(stdout).toContain('host_not_allowed');
    expect(await world.cli(['audit', slug, '--verify'])).toMatchObject({ code: 0 });
  });

  it('cleanup leaves a bottle that runs alone', async () => {
    const before = docker('ps', '--quiet', '--filter', `label=bot-bottle.slug=${slug}`);
    expect(await world.cli(['cleanup', '--yes'])).toMatchObject({ code: 0 });
    expect(docker('ps', '--quiet', '--filter', `label=bot-bottle.slug=${slug}`)).toBe(before);
    expect(before.split('\n')).toHaveLength(3);
  });

  it('stop ends it, its owner included, and nothing of it is left', async () => {
    expect(await world.cli(['stop', slug])).toMatchObject({ code: 0 });
    expect(await world.active()).toEqual([]);
    for (const kind of ['container', 'network', 'volume'] as const) expect(ownedBy(slug, kind)).toEqual([]);
    expect(() => readdirSync(stateDir(world, slug))).toThrow('ENOENT');
  });
});
