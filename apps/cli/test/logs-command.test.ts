import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { followLogs, type LogLine } from '../src/logs/follow-logs.ts';
import { liveOwner } from './live-owner.ts';
import { tempHome, type TempHome } from './temp-home.ts';

const kept = 'worker-k3pt0';

function withLogs(files: Readonly<Record<string, string>>): {
  readonly world: TempHome;
  readonly dir: string;
} {
  const world = tempHome();
  world.write(
    `home/state/${kept}/metadata.json`,
    JSON.stringify({ identity: kept, agent: 'worker', label: 'old' }),
  );
  world.write(`home/state/${kept}/.preserve`, 'kept\n');
  for (const [name, text] of Object.entries(files)) world.write(`home/state/${kept}/logs/${name}`, text);
  return { world, dir: join(world.home, 'state', kept, 'logs') };
}

describe('logs of a kept bottle', () => {
  it('shows all of them by name, older parts first', async () => {
    const { world } = withLogs({
      'egress.log': 'c\n',
      'egress.log.1': 'a\nb\n',
      'owner.log': 'no newline at its end',
      'egress.txt': 'not a log',
    });
    for (const slug of [kept, 'worker-k3', 'old'])
      expect(await world.cli(['logs', slug])).toEqual({
        code: 0,
        out: 'egress    | a\negress    | b\negress    | c\nowner     | no newline at its end\n',
        err: '',
      });
    expect((await world.cli(['logs', kept, 'owner'])).out).toBe('owner     | no newline at its end\n');
  });

  it('with --follow ends at once', async () => {
    const { world } = withLogs({ 'egress.log': 'a\n' });
    expect((await world.cli(['logs', kept, '--follow'])).out).toBe('egress    | a\n');
  });

  it('prints no control character', async () => {
    const { world } = withLogs({ 'egress.log': '\u001b[2J\u009b1A\u202e\rb\nlong ' + 'x'.repeat(100_000) });
    for (const args of [[], ['--json']]) {
      const { out } = await world.cli(['logs', kept, ...args]);
      expect(out).not.toMatch(/[^\P{C}\n]/u);
      expect(out).toContain(args.length === 0 ? '\\u{1b}[2J' : '\\u001b[2J');
    }
    const lines = (await world.cli(['logs', kept, '--json'])).out.trimEnd().split('\n');
    expect(JSON.parse(lines[0] ?? '')).toEqual({ name: 'egress', line: '\u001b[2J\u009b1A\u202e\rb' });
  });

  it('says which there are', async () => {
    const { world } = withLogs({ 'egress.log': '', 'supervise.log.1': '' });
    const unknown = await world.cli(['logs', kept, '../../metadata']);
    expect(unknown).toMatchObject({ code: 1, out: '' });
    expect(unknown.err).toContain('it has those of egress, supervise');
    expect((await world.cli(['logs', 'nobody'])).err).toContain('no running or kept bottle nobody');
    expect((await world.cli(['logs', '../..'])).code).toBe(1);
    expect(await world.cli(['logs', kept])).toMatchObject({ code: 0, out: '' });
  });

  it('follows no link', async () => {
    const { world, dir } = withLogs({ 'egress.log': 'a\n' });
    const secret = world.write('secret', 'secret\n');
    symlinkSync(secret, join(dir, 'owner.log'));
    expect((await world.cli(['logs', kept])).out).toBe('egress    | a\n');
  });
});

describe('following', () => {
  interface Follow {
    readonly seen: string[];
    readonly until: (count: number) => Promise<void>;
    readonly end: () => Promise<void>;
    readonly path: string;
  }

  function follow(): Follow {
    const { dir } = withLogs({ 'egress.log': 'first\n' });
    const seen: string[] = [];
    let isRunning = true;
    let wake = (): void => undefined;
    const lines = followLogs({
      dir,
      only: null,
      isRunning: async () => isRunning,
      signal: AbortSignal.timeout(20_000),
    });
    const done = (async () => {
      for await (const { name, line } of lines as AsyncGenerator<LogLine>) {
        seen.push(`${name} ${line}`);
        wake();
      }
    })();
    return {
      seen,
      path: join(dir, 'egress.log'),
      until: async (count) => {
        while (seen.length < count)
          await Promise.race([
            new Promise<void>((resolve) => (wake = resolve)),
            done.then(() => Promise.reject(new Error(`ended with ${seen.join()}`))),
          ]);
      },
      end: async () => {
        isRunning = false;
        await done;
      },
    };
  }

  it('goes on with lines, parts of lines and new logs, and ends with the bottle', async () => {
    const { seen, until, end, path } = follow();
    await until(1);
    appendFileSync(path, 'second\nthi');
    await until(2);
    appendFileSync(path, 'rd\n');
    await until(3);
    writeFileSync(join(path, '../owner.log'), 'late\nlast');
    await until(4);
    await end();
    expect(seen).toEqual(['egress first', 'egress second', 'egress third', 'owner late', 'owner last']);
  });

  it('survives the renaming that starts a log anew, and loses nothing', async () => {
    const { seen, until, end, path } = follow();
    await until(1);
    for (let round = 0; round < 3; round += 1) {
      appendFileSync(path, `${round} before\n`);
      renameSync(path, `${path}.1`);
      writeFileSync(path, `${round} after\n`);
      await until(3 + 2 * round);
    }
    await end();
    expect(seen).toEqual(
      ['first', ...[0, 1, 2].flatMap((n) => [`${n} before`, `${n} after`])].map((x) => `egress ${x}`),
    );
  });

  it('reads what was there when the state went', async () => {
    const { seen, until, end, path } = follow();
    await until(1);
    appendFileSync(path, 'last words\n');
    rmSync(join(path, '..'), { recursive: true });
    await end();
    expect(seen).toEqual(['egress first', 'egress last words']);
  });
});

it('logs of a running bottle are followed to its end', async () => {
  const world = tempHome();
  const owner = await liveOwner(world, 'applies', []);
  const dir = join(world.home, 'state', owner.identity, 'logs');
  mkdirSync(dir, { recursive: true });
  appendFileSync(join(dir, 'git-gate.log'), 'hello\n');
  expect((await world.cli(['logs', owner.identity, 'git-gate'])).out).toContain('git-gate  | hello\n');
  expect(readFileSync(join(dir, 'git-gate.log'), 'utf8')).toContain('hello');
  const following = world.cli(['logs', owner.identity, '--follow', '--json']);
  await owner.close();
  expect((await following).code).toBe(0);
});
