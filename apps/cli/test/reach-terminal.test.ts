import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bottleFile, editorScript, grantsOf, reach, reachWorld, type ReachWorld } from './reach-world.ts';

const hasScript = spawnSync('script', ['--version'], { stdio: 'ignore' }).status === 0;

interface Typed {
  readonly code: number | null;
  readonly seen: string;
}

const environment = (world: ReachWorld): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: world.dir,
  BOT_BOTTLE_HOME: world.home,
  XDG_RUNTIME_DIR: join(world.dir, 'run'),
});

/** Runs the CLI on a terminal of its own (util-linux `script`) and answers what it asks, in order. */
async function onTerminal(
  world: ReachWorld,
  args: readonly string[],
  answers: ReadonlyArray<readonly [question: string, answer: string]>,
  editor = 'exit 0',
): Promise<Typed> {
  const main = join(import.meta.dirname, '../src/main.ts');
  const command = [process.execPath, '--conditions=@bot-bottle/source', main, ...args]
    .map((word) => `'${word}'`)
    .join(' ');
  const child = spawn('script', ['-q', '-e', '-f', '-E', 'never', '-c', command, '/dev/null'], {
    env: { ...environment(world), EDITOR: editorScript(world, editor) },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let seen = '';
  let from = 0;
  const left = [...answers];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    seen += chunk;
    const [next] = left;
    const at = next === undefined ? -1 : seen.indexOf(next[0], from);
    if (next === undefined || at < 0) return;
    from = at + next[0].length;
    left.shift();
    child.stdin.write(`${next[1]}\n`);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  expect(left).toEqual([]);
  return { code, seen };
}

// Without util-linux there is no terminal to test on.
describe.skipIf(!hasScript)('on a terminal', () => {
  const twice = `if [ -e "$dir/again" ]; then sed -i 's/v1:/methods:/' "$1"; else touch "$dir/again"; sed -i 's/methods:/v1:/' "$1"; fi; sed -i 's/minutes: 10/minutes: 5/' "$1"`;

  it('modify edits again what was not valid, and asks before it gives', async () => {
    const world = await reachWorld([reach()]);
    const { code, seen } = await onTerminal(
      world,
      ['supervise', 'modify', world.ids[0] ?? ''],
      [
        ['Edit it again? [Y/n]', ''],
        ['Give this? [y/N]', 'y'],
      ],
      twice,
    );
    expect(seen).toMatch(/unknown key `v1`/);
    expect({ code }).toEqual({ code: 0 });
    expect(seen).toContain('new.example.com (GET, /v1) for 5 minutes');
    expect(grantsOf(await world.routes())).toHaveLength(1);
    expect(existsSync(readFileSync(join(world.dir, 'path'), 'utf8'))).toBe(false);
  });

  it.each([
    ['Edit it again? [Y/n]', 'n', twice, 1],
    ['Give this? [y/N]', '', `sed -i 's/minutes: 10/minutes: 5/' "$1"`, 1],
    ['Give this? [y/N]', 'n', `sed -i 's/minutes: 10/minutes: 5/' "$1"`, 1],
    ['Give this? [y/N]', '\u0003', `sed -i 's/minutes: 10/minutes: 5/' "$1"`, 130],
  ])('modify gives nothing when the answer to %j is %j', async (question, answer, script, expected) => {
    const world = await reachWorld([reach()]);
    const args = ['supervise', 'modify', world.ids[0] ?? ''];
    const { code } = await onTerminal(world, args, [[question, answer]], script);
    expect(code).toBe(expected);
    expect(await world.states()).toEqual(['open']);
    expect(grantsOf(await world.routes())).toEqual([]);
  });

  it('--save asks after the difference, and No decides nothing', async () => {
    const world = await reachWorld([reach()]);
    const args = ['supervise', 'approve', world.ids[0] ?? '', '--save', '-q'];
    const question = 'Approve this and write the file? [y/N]';
    const no = await onTerminal(world, args, [[question, 'n']]);
    expect(no.code).toBe(1);
    expect(no.seen).toContain('+    - host: new.example.com');
    expect(readFileSync(world.file, 'utf8')).toBe(bottleFile);
    expect(await world.states()).toEqual(['open']);
    expect((await onTerminal(world, args, [[question, 'y']])).code).toBe(0);
    expect(readFileSync(world.file, 'utf8')).toContain('new.example.com');
  });

  it('routes edit asks after the difference', async () => {
    const world = await reachWorld();
    const args = ['routes', world.owner.identity, 'edit'];
    const script = `sed -i 's|/guide|/|' "$1"`;
    const before = (await world.routes()).digest;
    const question = 'Put this into force? [y/N]';
    expect((await onTerminal(world, args, [[question, 'n']], script)).code).toBe(1);
    expect((await world.routes()).digest).toBe(before);
    expect((await onTerminal(world, args, [[question, 'y']], script)).code).toBe(0);
    expect((await world.routes()).digest).not.toBe(before);
  });
});

it('leaves no file behind when it is ended while the editor is open', async () => {
  const world = await reachWorld([reach()]);
  const [opened, never] = [join(world.dir, 'opened'), join(world.dir, 'never')];
  execFileSync('mkfifo', [opened, never]);
  const editor = editorScript(world, `echo > "${opened}"; exec cat "${never}"`);
  const main = join(import.meta.dirname, '../src/main.ts');
  const args = ['--conditions=@bot-bottle/source', main, 'supervise', 'modify', world.ids[0] ?? ''];
  const child = spawn(process.execPath, args, {
    detached: true,
    stdio: 'ignore',
    env: { ...environment(world), EDITOR: editor },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  await readFile(opened);
  const file = world.said('path');
  expect(existsSync(file)).toBe(true);
  child.kill('SIGTERM');
  expect(await ended).toBe(143);
  expect(existsSync(dirname(file))).toBe(false);
  expect(await world.states()).toEqual(['open']);
});
