import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
  chownSync,
} from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostileScript, project, stopAll } from './support/copied-project.ts';
import { running } from './support/kept-bottle.ts';
import { operators } from './support/operators.ts';
import { World } from './support/world.ts';

describe.each(operators)('as $name, copying out', (operator) => {
  let world: World;
  let slug = '';

  beforeAll(async () => {
    world = new World(operator);
    world.bottle('plain', 'agent_provider: { template: command, command: [bash] }\nsupervise: false');
    world.agent('worker', 'plain');
    const cwd = project(world, { 'a.txt': 'one\n', 'gone.txt': '', 'mode.sh': '' });
    ({ identity: slug } = await running(world, `${hostileScript}\ncp a.txt ~/home.txt`, ['--cwd'], { cwd }));
  }, 120_000);
  afterAll(() => stopAll(world));

  /** A fresh folder of the operator. */
  function folder(name: string): string {
    const made = path.join(world.home, name);
    mkdirSync(made);
    chownSync(made, operator.uid, operator.uid);
    return made;
  }

  it('makes what was asked for and nothing outside of it', async () => {
    const dest = folder('whole');
    const { code, stdout, stderr } = await world.cli(['cp', `${slug}:.`, dest]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^copied \\d+ files \\(136 MB\\) to ${dest}/workspace\n$`));
    expect(stdout + stderr).not.toMatch(/[^\P{C}\n]/u);
    for (const line of [
      /not copied: \d+$/m,
      /workspace\/sub\/absolute: it is a link that leads out: \/etc\/passwd$/m,
      /workspace\/sub\/up: it is a link that leads out/m,
      /workspace\/sub\/pipe: it is neither file, folder nor link$/m,
      /could execute here; look at it before anything touches the copy:$/m,
      /git +workspace\/\.git\/hooks\/post-checkout/m,
      /install +workspace\/package\.json +runs at an installation/m,
      /editor +workspace\/\.vscode\/tasks\.json/m,
      /agent +workspace\/\.bottleignore/m,
      /executable +workspace\/setuid/m,
      /name +workspace\/line\\nbreak/m,
    ])
      expect(stderr).toMatch(line);
    expect(readdirSync(dest)).toEqual(['workspace']);
    const copy = path.join(dest, 'workspace');
    expect(readdirSync(path.join(copy, 'sub')).toSorted()).toEqual(['huge', 'inside']);
    expect(readlinkSync(path.join(copy, 'sub/inside'))).toBe('../a.txt');
    expect(lstatSync(path.join(copy, 'setuid')).mode & 0o7777).toBe(0o755);
    expect(lstatSync(path.join(copy, 'a.txt'))).toMatchObject({ uid: operator.uid, nlink: 1 });
    expect(existsSync(path.join(world.home, 'outside'))).toBe(false);
  });

  it('follows no link of the destination, and overwrites only with --force', async () => {
    const dest = folder('links');
    const victim = path.join(world.home, 'victim');
    writeFileSync(victim, 'mine');
    chownSync(victim, operator.uid, operator.uid);
    symlinkSync(victim, path.join(dest, 'a.txt'));
    const refused = await world.cli(['cp', `${slug}:a.txt`, dest]);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/not overwritten.*a\.txt\n.*--force/);
    const forced = await world.cli(['cp', `${slug}:a.txt`, dest, '--force']);
    expect(forced.code).toBe(0);
    expect(readFileSync(victim, 'utf8')).toBe('mine');
    expect(lstatSync(path.join(dest, 'a.txt')).isFile()).toBe(true);
    expect(readFileSync(path.join(dest, 'a.txt'), 'utf8')).toBe('changed\n');
  });

  it('puts things into a folder that a link names, as people expect', async () => {
    const dest = folder('real');
    symlinkSync(dest, path.join(world.home, 'shortcut'));
    const { code, stdout } = await world.cli(['cp', `${slug}:~/home.txt`, 'shortcut']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `copied 1 file (8 B) to ${dest}/home.txt\n` });
  });

  it('gives a report as JSON', async () => {
    const { code, stdout } = await world.cli(['cp', `${slug}:.git/hooks`, 'hooks', '--json']);
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as { risks: unknown[] };
    expect(report.risks).toContainEqual({
      path: 'hooks/post-checkout',
      kind: 'git',
      why: 'is a git hook: git runs it',
    });
  });

  it('does not reach what is not the bottle', async () => {
    const dest = folder('none');
    for (const from of [
      'sub/absolute',
      'sub/pipe',
      'sub/up',
      'nothing',
      '../../../etc/shadow',
      world.botBottleHome,
    ]) {
      const { code, stdout } = await world.cli(['cp', `${slug}:${from}`, dest]);
      expect({ code, stdout }, from).toEqual({ code: 1, stdout: '' });
    }
    expect(readdirSync(dest)).toEqual([]);
  });

  it('copies nothing in', async () => {
    const { code, stderr } = await world.cli(['cp', 'file', `${slug}:file`]);
    expect(code).toBe(2);
    expect(stderr).toContain('copies out of bottles only');
  });
});
