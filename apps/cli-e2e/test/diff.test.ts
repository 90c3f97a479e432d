import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostileScript, project, stopAll } from './support/copied-project.ts';
import { eventually } from './support/eventually.ts';
import { running } from './support/kept-bottle.ts';
import { operators } from './support/operators.ts';
import { World } from './support/world.ts';

interface Report {
  readonly risks: ReadonlyArray<{ readonly kind: string; readonly path: string }>;
  readonly changes: ReadonlyArray<{ readonly status: string; readonly path: string }>;
  readonly ignored: readonly unknown[];
  readonly not_compared: ReadonlyArray<{ readonly path: string; readonly why: string }>;
}

const bottle = 'agent_provider: { template: command, command: [bash] }\nsupervise: false';
const temporary = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('bot-bottle-diff-'));

describe.each(operators)('as $name, what a hostile agent changed', (operator) => {
  let world: World;
  let cwd = '';
  let slug = '';
  let untouched = '';

  beforeAll(async () => {
    world = new World(operator);
    world.bottle('plain', bottle);
    world.agent('worker', 'plain');
    cwd = project(world, {
      'a.txt': 'one\n',
      'gone.txt': 'x\n',
      'mode.sh': 'echo\n',
      'same/file': 'same\n',
      '.gitignore': 'out/\nnode_modules/\n',
      'node_modules/x/index.js': 'x',
    });
    const ids = { uid: operator.uid, gid: operator.uid };
    const env = { PATH: process.env['PATH'], HOME: world.home };
    execFileSync('git', ['init', '-q'], { cwd, env, ...ids });
    writeFileSync(path.join(cwd, '.git/hooks/pre-commit'), '#!/bin/sh\n', { mode: 0o755 });
    ({ identity: untouched } = await running(world, 'true', ['--cwd'], { cwd }));
    const before = await world.cli(['diff', untouched, '--json']);
    expect(JSON.parse(before.stdout)).toMatchObject({
      risks: [],
      changes: [],
      ignored: [],
      not_compared: [],
    });
    await world.cli(['stop', untouched]);
    ({ identity: slug } = await running(world, hostileScript, ['--cwd'], { cwd }));
  }, 120_000);
  afterAll(() => stopAll(world));

  it('is listed, with what could execute first', async () => {
    const { code, stdout, stderr } = await world.cli(['diff', slug]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.startsWith('could execute here:\n')).toBe(true);
    for (const line of [
      /^ {2}git +\.git\/config +sets core\.fsmonitor = \.\/evil$/m,
      /^ {2}git +\.git\/hooks\/post-checkout +is a git hook/m,
      /^ {2}install +package\.json +runs at an installation: postinstall: node evil$/m,
      /^ {2}editor +\.vscode\/tasks\.json/m,
      /^ {2}ci +\.github +is a link in the place of a folder/m,
      /^ {2}link +sub\/absolute +is a link that leads out of the tree: \/etc\/passwd$/m,
      /^ {2}link +folder /m,
      /^ {2}executable +mode\.sh/m,
      /^ {2}name +line\\nbreak/m,
      /^ {2}name +esc\\u\{1b\}/m,
      /^A {2}new\.txt$/m,
      /^A {2}sub\/up$/m,
      /^M {2}a\.txt$/m,
      /^M {2}mode\.sh \(mode\)$/m,
      /^D {2}gone\.txt$/m,
      /^ {2}out {2}1 file$/m,
      /^ {2}sub\/huge: it is larger than 134217728 bytes$/m,
      /^ {2}sub\/pipe: it is neither file, folder nor link$/m,
      /^ {2}.*back\\slash: its name leads elsewhere$/m,
      /^\d+ added, 2 changed, 1 deleted$/m,
    ])
      expect(stdout).toMatch(line);
    expect(stdout).not.toMatch(/same\/file|node_modules|pre-commit|\.git\/objects/);
  });

  it('acts on no terminal, in any form', async () => {
    for (const args of [['--patch'], ['--json'], ['--json', '--patch']]) {
      const { code, stdout, stderr } = await world.cli(['diff', slug, ...args]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).not.toMatch(/[^\P{C}\n]/u);
    }
  });

  it('is the same as JSON, and in lines', async () => {
    const report = JSON.parse((await world.cli(['diff', slug, '--json'])).stdout) as Report;
    expect(report.changes.filter(({ status }) => status !== 'A').map(({ path: name }) => name)).toEqual([
      'a.txt',
      'gone.txt',
      'mode.sh',
    ]);
    expect(report.changes.map(({ path: name }) => name)).toContain('line\nbreak');
    expect(report.risks.map(({ kind, path: name }) => `${kind} ${name}`)).toContain(
      'git .git/hooks/post-checkout',
    );
    const { stdout } = await world.cli(['diff', slug, '--patch', 'a.txt']);
    expect(stdout).toContain('\n-one\n+changed\n');
  });

  it('leaves nothing on the host', async () => {
    const before = temporary();
    await world.cli(['diff', slug]);
    expect((await world.cli(['diff', slug], { env: { TMPDIR: '/nowhere' } })).code).not.toBe(0);
    expect(temporary()).toEqual(before);
    expect(existsSync('/tmp/pwned')).toBe(false);
    expect(readdirSync(cwd).toSorted()).toEqual(
      ['.git', '.gitignore', 'a.txt', 'gone.txt', 'mode.sh', 'node_modules', 'same'].toSorted(),
    );
  });

  it('leaves nothing either when it is interrupted', async () => {
    const before = temporary();
    const child = world.start(['diff', slug]);
    const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
    await eventually('it copies', () => temporary().length > before.length || child.exitCode !== null);
    child.kill('SIGTERM');
    expect([0, 143]).toContain(await ended);
    expect(temporary()).toEqual(before);
  });

  it('needs a workspace', async () => {
    const { identity } = await running(world, 'true');
    const plain = (JSON.parse((await world.cli(['list', '--json'])).stdout) as Array<{ identity: string }>)
      .map((each) => each.identity)
      .find((each) => each !== slug);
    const { code, stdout, stderr } = await world.cli(['diff', plain ?? identity]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('without --cwd: there is nothing to compare with');
  });
});
