import { once } from 'node:events';
import { chownSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from './support/eventually.ts';
import {
  changeMetadata,
  homeOf,
  isThere,
  killed,
  leaveProposal,
  metadataOf,
  onlyResumable,
  resumable,
  resume,
  running,
  start,
  stateDir,
} from './support/kept-bottle.ts';
import { operators } from './support/operators.ts';
import { World } from './support/world.ts';

describe.each(operators)('resume as $name', (operator) => {
  let world: World;
  beforeEach(() => {
    world = new World(operator);
    world.bottle('plain', 'agent_provider: { template: command, command: [bash] }\nsupervise: false');
    world.agent('worker', 'plain');
  });
  afterEach(async () => {
    await world.cli(['cleanup', '--yes']);
    if (operator.uid === 0)
      for (const { identity } of await resumable(world))
        rmSync(path.dirname(homeOf(world, identity)), { recursive: true, force: true });
    await world.close();
  });

  function project(): string {
    const folder = path.join(world.home, 'project');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'a.txt'), 'from the host\n');
    chownSync(folder, operator.uid, operator.uid);
    return folder;
  }

  it('a kept bottle goes on with its home and its workspace, which is not copied anew', async () => {
    const cwd = project();
    const first = await start(
      world,
      'echo edited > a.txt; echo new > b.txt; echo note > ~/note; sha256sum ~/.bot-bottle/ca.crt',
      ['--keep', '--cwd', '--label', 'mine'],
      { cwd },
    );
    expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining('bot-bottle resume worker-') });
    const { identity, preserved, started_at: started } = await onlyResumable(world);
    expect(preserved).toBe(true);
    writeFileSync(path.join(cwd, 'a.txt'), 'changed on the host meanwhile\n');
    const shown = 'pwd; cat a.txt b.txt ~/note; sha256sum ~/.bot-bottle/ca.crt';
    const second = await resume(world, identity, shown);
    const [ca] = first.stdout.split(' ');
    expect(second).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\/home\/node\/workspace\nedited\nnew\nnote\n[0-9a-f]{64} /),
    });
    expect(second.stdout).not.toContain(ca);
    expect(second.stderr).toMatch(/resumes .*\n.*workspace is used as it is; nothing is copied in anew/);
    expect(second.stderr).toContain('(mine)');
    // What was preserved stays, and a third life finds all that the second one found.
    const again = await onlyResumable(world);
    expect(again).toMatchObject({ identity, preserved: true });
    expect((again.started_at ?? '') > (started ?? '')).toBe(true);
    expect(metadataOf(world, identity)).toMatchObject({ copy_cwd: true, cwd });
    const third = await resume(world, 'mine', 'pwd; cat a.txt');
    expect(third).toMatchObject({ code: 0, stdout: '/home/node/workspace\nedited\n' });
    expect(await world.cli(['audit', identity, '--verify'])).toMatchObject({ code: 0 });
  });

  it('a bottle whose launcher was killed goes on, and its state goes with a normal end', async () => {
    const identity = await killed(world, 'echo work > ~/work');
    expect(await onlyResumable(world)).toMatchObject({ identity, preserved: false });
    const table = await world.cli(['list', 'preserved']);
    expect(table.stdout).toMatch(new RegExp(`${identity} .* left `));
    const outcome = await resume(world, identity, 'cat ~/work');
    expect(outcome).toMatchObject({ code: 0, stdout: 'work\n' });
    expect(outcome.stderr).not.toContain('bot-bottle resume');
    expect(await resumable(world)).toEqual([]);
    expect(isThere(stateDir(world, identity))).toBe(false);
    expect(isThere(homeOf(world, identity))).toBe(false);
    const cleanup = await world.cli(['cleanup', '--yes', '--json']);
    expect(JSON.parse(cleanup.stdout)).toMatchObject({ leftovers: [] });
  });

  it('its state stays with --keep, and when the agent fails or the launcher dies again', async () => {
    const identity = await killed(world, 'echo work > ~/work');
    const failed = await resume(world, identity, 'echo more >> ~/work; exit 3');
    expect(failed).toMatchObject({
      code: 3,
      stderr: expect.stringContaining(`bot-bottle resume ${identity}`),
    });
    expect(await onlyResumable(world)).toMatchObject({ identity, preserved: true });
    expect(await world.cli(['cleanup', '--yes'])).toMatchObject({ code: 0 });
    const kept = await resume(world, identity, 'cat ~/work', ['--keep']);
    expect(kept).toMatchObject({ code: 0, stdout: 'work\nmore\n' });
    expect(await onlyResumable(world)).toMatchObject({ identity, preserved: true });
  });

  it('runs in the background, is refused while it runs, and ends normally when it is stopped', async () => {
    const identity = await killed(world, 'echo work > ~/work');
    const detached = await world.cli(['resume', identity, '--yes', '--detach']);
    expect(detached).toMatchObject({ code: 0, stdout: `${identity}\n` });
    expect(await resumable(world)).toEqual([]);
    const second = await resume(world, identity, 'true');
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(
      new RegExp(`${identity} is running \\(process \\d+\\)\n.*attach ${identity}`),
    );
    const cat = await world.cli(['exec', identity, '--', 'cat', '/home/node/work']);
    expect(cat.stdout).toBe('work\n');
    expect(await world.cli(['stop', identity])).toMatchObject({ code: 0 });
    expect(isThere(stateDir(world, identity))).toBe(false);
  });

  it('of two at once one wins, and the other one takes nothing from it', async () => {
    const identity = await killed(world, 'echo work > ~/work');
    const args = ['resume', identity, '--yes', '--detach'];
    const outcomes = await Promise.all([world.cli(args), world.cli(args)]);
    const [lost, won] = outcomes.toSorted((a, b) => (b.code ?? 0) - (a.code ?? 0));
    expect(won).toMatchObject({ code: 0, stdout: `${identity}\n` });
    expect(lost).toMatchObject({ code: 1, stderr: expect.stringMatching(/is in use|is running/) });
    const cat = await world.cli(['exec', identity, '--', 'cat', '/home/node/work']);
    expect(cat).toMatchObject({ code: 0, stdout: 'work\n' });
    await world.cli(['stop', identity]);
  });

  it('asks on a terminal as start does, and the answer no changes nothing', async () => {
    const identity = await killed(world, 'echo work > ~/work');
    const before = metadataOf(world, identity);
    const child = world.startOnTerminal(['resume', identity]);
    let screen = '';
    child.stdout?.on('data', (chunk: Buffer) => (screen += chunk.toString('latin1')));
    await eventually('the question', () => screen.includes('Launch? [y/N]'));
    child.stdin?.write('\r');
    await once(child, 'exit');
    expect(metadataOf(world, identity)).toEqual(before);
    expect(await onlyResumable(world)).toMatchObject({ identity, preserved: false });
  });

  it('shows what nobody answered in the last life, made visible, and nothing older', async () => {
    const identity = await killed(world, 'true');
    leaveProposal(world, identity, '0aaaaaaaaaaaaaaa', '2020-01-01T00:00:00.000Z');
    const plain = await world.cli(['resume', identity, '--dry-run', '--detach']);
    expect(plain.stdout).not.toContain('abandoned');
    leaveProposal(world, identity, '9bbbbbbbbbbbbbbb', new Date().toISOString());
    const json = await world.cli(['resume', identity, '--dry-run', '--json', '--detach']);
    const asked = {
      id: '9bbbbbbbbbbbbbbb',
      kind: 'egress-block',
      title: expect.stringContaining('reach host-of-9bbb.example'),
      arrived: expect.any(String),
    };
    expect(JSON.parse(json.stdout)).toMatchObject({
      identity,
      resumed: { workspace: false },
      abandoned: [asked],
    });
    const outcome = await resume(world, identity, 'true', ['--keep']);
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toMatch(/abandoned.*\n.*9bbbbbbbbbbbbbbb {2}egress-block {2}reach host-of-9bbb/);
    expect(outcome.stderr).toContain('\\u{1b}]0;hostile');
    for (const hostile of ['\u001b', '\u202e']) expect(outcome.stderr + json.stdout).not.toContain(hostile);
    expect(outcome.stderr).not.toContain('0aaaaaaaaaaaaaaa');
    // Closed by then, and of a life before the last one.
    const listed = await world.cli(['supervise', 'list', '--all', '--json']);
    expect(JSON.parse(listed.stdout)).toMatchObject([{ state: 'abandoned' }, { state: 'abandoned' }]);
    const later = await world.cli(['resume', identity, '--dry-run', '--detach']);
    expect(later.stdout).not.toContain('abandoned');
  });

  it('what cannot be resumed is a clear error, and is left as it is', async () => {
    const identity = await killed(world, 'echo work > ~/work');
    const file = path.join(stateDir(world, identity), 'metadata.json');
    const original = readFileSync(file, 'utf8');
    const refused = async (changes: Record<string, unknown> | string, message: RegExp): Promise<void> => {
      if (typeof changes === 'string') world.write(`state/${identity}/metadata.json`, changes);
      else changeMetadata(world, identity, changes);
      const before = [readFileSync(file, 'utf8'), readdirSync(stateDir(world, identity)).join(' ')];
      // No engine: whether this machine has one makes no difference.
      const env = { DOCKER_HOST: 'unix:///nonexistent/engine.sock' };
      const outcome = await resume(world, identity, 'true', [], { env });
      expect(outcome).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(message) });
      expect([readFileSync(file, 'utf8'), readdirSync(stateDir(world, identity)).join(' ')]).toEqual(before);
      world.write(`state/${identity}/metadata.json`, original);
    };
    await refused({ backend: '' }, /docker does not work here: no Docker engine is at unix:/);
    await refused({ backend: 'smolmachines' }, /the backend smolmachines, which is not/);
    await refused({ backend: 'qemu' }, /names no backend of this version/);
    await refused({ backend: undefined }, /names no backend/);
    await refused({ agent: undefined }, /names no agent/);
    await refused({ agent: 'nobody' }, /nobody/);
    await refused({ bottle: 'other' }, /was launched with the bottle other, and worker names plain now/);
    await refused('{', /there is no state of/);
    for (const [slug, message] of [
      ['nobody-00000', /there is no state of nobody-00000/],
      ['../../etc', /there is no state/],
      ['', /there is no state/],
    ] as const) {
      expect(await resume(world, slug, 'true')).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(message),
      });
    }
    // Fields that are missing or not known are no obstacle.
    changeMetadata(world, identity, {
      bottle: undefined,
      cwd: undefined,
      started_at: 7,
      future: { a: 1 },
      owner_pid: 'x',
    });
    expect(await resume(world, identity, 'cat ~/work')).toMatchObject({ code: 0, stdout: 'work\n' });
  });

  it('a home that is gone, or a launch that fails, leaves the state as it was', async () => {
    const identity = await killed(world, 'echo work > ~/work');
    const before = metadataOf(world, identity);
    world.write('settings.yml', 'extra_ca_file: /none/ca.pem\n');
    expect(await resume(world, identity, 'true')).toMatchObject({ code: expect.any(Number) });
    expect(metadataOf(world, identity)).toEqual(before);
    world.write('settings.yml', '');
    rmSync(homeOf(world, identity), { recursive: true });
    const outcome = await resume(world, identity, 'true');
    expect(outcome).toMatchObject({ stderr: expect.stringContaining(`the home of ${identity} is gone`) });
    expect(outcome.code).not.toBe(0);
    expect(metadataOf(world, identity)).toEqual(before);
    expect(isThere(homeOf(world, identity))).toBe(false);
    expect(await onlyResumable(world)).toMatchObject({ preserved: false });
  });

  it('needs the same trust in an agent of the repository as start', async () => {
    const cwd = project();
    const agent = path.join(cwd, '.bot-bottle/agents/worker.md');
    const ship = (text: string): void => {
      mkdirSync(path.dirname(agent), { recursive: true });
      writeFileSync(agent, `---\nbottle: plain\n---\n${text}\n`);
    };
    ship('Be kind.');
    const refused = await start(world, 'true', ['--keep'], { cwd });
    expect(refused.code).toBe(1);
    const hash = /--trust-agent ([0-9a-f]{64})/.exec(refused.stderr)?.[1] ?? '';
    const first = await start(world, 'cat ~/.bot-bottle-prompt.txt', ['--keep', '--trust-agent', hash], {
      cwd,
    });
    expect(first).toMatchObject({ code: 0, stdout: 'Be kind.' });
    const { identity } = await onlyResumable(world);
    // From another folder: the one that it was launched in counts.
    expect(await resume(world, identity, 'cat ~/.bot-bottle-prompt.txt')).toMatchObject({
      code: 0,
      stdout: 'Be kind.',
    });
    ship('Be evil.');
    const changed = await resume(world, identity, 'true');
    expect(changed).toMatchObject({ code: 1, stderr: expect.stringContaining('Be evil.') });
    expect(changed.stderr).toMatch(/--trust-agent [0-9a-f]{64}/);
  });

  it('asks for a secret again, and has none of the earlier life', async () => {
    world.bottle(
      'plain',
      'agent_provider: { template: command, command: [bash] }\nsupervise: false\nenv: { KEY: "?the key" }',
    );
    const answered = async (args: readonly string[], secret: string): Promise<string> => {
      const child = world.startOnTerminal([
        ...args,
        '--yes',
        '--headless',
        '--prompt',
        'printf %s "$KEY" | rev',
      ]);
      let screen = '';
      child.stdout?.on('data', (chunk: Buffer) => (screen += chunk.toString('latin1')));
      await eventually('the question', () => screen.includes('the key'));
      child.stdin?.write(`${secret}\r`);
      await once(child, 'exit');
      return screen;
    };
    await answered(['start', 'worker', '--backend', 'bubblewrap', '--keep'], 'first-life-value');
    const { identity } = await onlyResumable(world);
    const without = await resume(world, identity, 'true');
    expect(without).toMatchObject({ code: 1, stderr: expect.stringContaining('KEY') });
    const screen = await answered(['resume', identity], 'second-life-value');
    expect(screen).toContain('eulav-efil-dnoces');
    expect(screen).not.toContain('eulav-efil-tsrif');
  });

  it('a cleanup that was asked before takes nothing from what was resumed since', async () => {
    const identity = await killed(world, 'echo work > ~/work');
    const cleanup = world.startOnTerminal(['cleanup']);
    let screen = '';
    cleanup.stdout?.on('data', (chunk: Buffer) => (screen += chunk.toString('latin1')));
    await eventually('the question', () => /Remove \d+ leftovers\?/.test(screen));
    expect(screen).toContain(`state of ${identity}`);
    expect(await world.cli(['resume', identity, '--yes', '--detach'])).toMatchObject({ code: 0 });
    cleanup.stdin?.write('y\r');
    const [code] = (await once(cleanup, 'exit')) as [number];
    expect(code).not.toBe(0);
    expect(screen).toMatch(/is in use by process|runs now/);
    const cat = await world.cli(['exec', identity, '--', 'bash', '-c', 'cat ~/work; echo more > ~/more']);
    expect(cat).toMatchObject({ code: 0, stdout: 'work\n' });
    expect(metadataOf(world, identity)).toMatchObject({ identity });
    expect(await world.cli(['stop', identity])).toMatchObject({ code: 0 });
  });

  it('two agents never write one home: what a dead owner left running is ended first', async () => {
    const { launcher, identity } = await running(
      world,
      'for i in 1 2 3 4; do setsid bash -c "while :; do date +%N > ~/alive; done" & done',
    );
    const gone = once(launcher, 'exit');
    launcher.kill('SIGKILL');
    await gone;
    const outcome = await resume(world, identity, 'rm -f ~/alive; sleep 0.5; ls ~/alive');
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
  });
});
