import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { grantsOf, reach, reachWorld, type ReachWorld } from './reach-world.ts';

const hostile = 'x\n# y\nhost: "*"\nminutes: 99\u001b[2J\u202e\u2028methods: []';
const modify = (world: ReachWorld, script: string, ...more: string[]) =>
  world.edit(['supervise', 'modify', world.ids[0] ?? '', ...more], script);
const replace = (from: string, to: string): string => `sed -i 's|${from}|${to}|' "$1"`;

describe('supervise modify', () => {
  it('gives what the editor made of it, and says so', async () => {
    const world = await reachWorld([reach({ methods: ['GET', 'POST'], justification: hostile })]);
    const { code, out, err } = await modify(
      world,
      replace('\\[GET, POST\\]', '[GET]'),
      '--yes',
      '--reason',
      'read only',
    );
    expect({ code, out }).toEqual({
      code: 0,
      out: `modified ${world.ids[0]}: new.example.com (GET, /v1) for 10 minutes\n`,
    });
    expect(err).toContain('gives     new.example.com (GET, /v1) for 10 minutes');
    expect(err).toContain('risk      a new host');
    expect(grantsOf(await world.routes())).toMatchObject([{ methods: ['GET'] }]);
  });

  it('shows the whole proposal with its risks as comments, whatever it holds, in a file that is private', async () => {
    const world = await reachWorld([reach({ justification: hostile })]);
    await modify(world, 'cp "$1" "$dir/seen"; stat -c %a "$1" "$(dirname "$1")" > "$dir/modes"');
    expect(world.said('modes')).toBe('600\n700\n');
    const lines = world.said('seen').split('\n');
    expect(lines.filter((line) => !line.startsWith('#'))).toEqual([
      'host: new.example.com',
      'ports: [443]',
      'path_allowlist: [/v1]',
      'methods: [GET]',
      'minutes: 10',
      'with_credential: false',
      '',
    ]);
    const comments = lines.filter((line) => line.startsWith('#')).join('\n');
    expect(comments).toContain('a new host');
    expect(comments).toContain('host: "*"');
    expect(comments).not.toMatch(/[^\P{C}\n]|\u2028/u);
  });

  it.each([
    ['does nothing', 'exit 0', 0, /nothing was changed: nothing was decided/],
    ['writes the same', 'cp "$1" "$1.new"; mv "$1.new" "$1"', 0, /nothing was decided/],
    ['fails', `${replace('GET', 'PUT')}; exit 3`, 1, /ended with exit code 3: nothing was decided/],
    ['is killed', `${replace('GET', 'PUT')}; kill -9 $$`, 1, /was ended by SIGKILL: nothing was decided/],
    ['empties the file', ': > "$1"', 1, /was emptied: nothing was decided/],
    ['leaves only blanks', 'printf "\\n \\n" > "$1"', 1, /was emptied/],
    ['removes the file', 'rm "$1"', 1, /no text that can be read: nothing was decided/],
    ['leaves a link', 'rm "$1"; ln -s /etc/passwd "$1"', 1, /no text that can be read/],
    ['leaves a folder', 'rm "$1"; mkdir "$1"', 1, /no text that can be read/],
    ['leaves bytes', 'printf "\\377\\376" > "$1"', 1, /no text that can be read/],
    ['leaves too much', 'head -c 300000 /dev/zero > "$1"', 1, /no text that can be read/],
    [
      'leaves no YAML',
      'echo "[" >> "$1"',
      1,
      /grant\.yml:\d+:\d+: .*\n(?:.*\n)*.*is not valid: nothing was decided/,
    ],
    ['leaves another key', 'echo "auth: {}" >> "$1"', 1, /grant\.yml:\d+:1: auth: unknown key `auth`/],
    ['leaves out the methods', `sed -i /methods/d "$1"`, 1, /`methods` is missing/],
    ['widens too far', replace('new.example.com', '"*.com"'), 1, /public suffix/],
    [
      'adds a credential that is not there',
      replace('credential: false', 'credential: true'),
      1,
      /no route of this host has a credential/,
    ],
    ['asks for too long', replace('minutes: 10', 'minutes: 99999'), 1, /at most 10080/],
  ])('does nothing when the editor %s', async (_what, script, code, message) => {
    const world = await reachWorld([reach()]);
    const done = await modify(world, script, '--yes');
    expect({ code: done.code, out: done.out }).toEqual({ code, out: '' });
    expect(done.err).toMatch(message);
    expect(done.err).not.toMatch(/^\s+at /m);
    expect(await world.states()).toEqual(['open']);
    expect(grantsOf(await world.routes())).toEqual([]);
  });

  it('tells all problems at once', async () => {
    const world = await reachWorld([reach()]);
    const { err } = await modify(world, `${replace('\\[443\\]', '[0]')}; ${replace('/v1', 'v1')}`);
    expect(err).toMatch(/ports\[0\].*\n(?:.*\n)*.*path_allowlist\[0\]/);
  });

  it('needs a terminal or --yes', async () => {
    const world = await reachWorld([reach()]);
    const done = await modify(world, replace('GET', 'POST'));
    expect(done).toMatchObject({ code: 1, out: '' });
    expect(done.err).toContain('hint: --yes gives it without asking');
    expect(await world.states()).toEqual(['open']);
  });

  it('runs the editor that is set, without a shell', async () => {
    const world = await reachWorld([reach()]);
    const run = (more: Record<string, string>) =>
      world.edit(['supervise', 'modify', world.ids[0] ?? ''], 'printf "%s\\n" "$@" > "$dir/args"', more);
    const trap = join(world.dir, 'trap');
    const editor = join(world.dir, 'editor.sh');
    await run({ EDITOR: `${editor}  -w $(touch ${trap}) ; touch ${trap}` });
    expect(world.said('args').split('\n').slice(0, 6)).toEqual([
      '-w',
      '$(touch',
      `${trap})`,
      ';',
      'touch',
      trap,
    ]);
    expect(existsSync(trap)).toBe(false);
    for (const more of [{ EDITOR: '/none' }, { EDITOR: '/none', VISUAL: '/none/either' }]) {
      expect((await run(more)).err).toMatch(
        /the editor \/none(?:\/either)? is not there: nothing was decided/,
      );
    }
    world.write('home/settings.yml', `editor: ${editor} --set\n`);
    expect((await run({ EDITOR: '/none' })).code).toBe(0);
    expect(world.said('args')).toMatch(/^--set\n/);
  });

  it('is for reach only', async () => {
    const world = await reachWorld([reach()]);
    await world.cli(['supervise', 'reject', world.ids[0] ?? '']);
    const done = await modify(world, 'touch "$dir/opened"', '--yes');
    expect(done).toMatchObject({ code: 1, out: '' });
    expect(done.err).toMatch(/was rejected already by/);
    expect(existsSync(join(world.dir, 'opened'))).toBe(false);
  });

  it('decides nothing when the routes changed while the editor was open, and tells what changed', async () => {
    const world = await reachWorld([reach(), reach({ host: 'b.example.com' })]);
    const [first = '', second = ''] = world.ids;
    const [opened, go] = [join(world.dir, 'opened'), join(world.dir, 'go')];
    execFileSync('mkfifo', [opened, go]);
    const editing = modify(world, `${replace('GET', 'POST')}; echo > "${opened}"; cat "${go}"`, '--yes');
    await readFile(opened);
    expect((await world.cli(['supervise', 'approve', second])).code).toBe(0);
    await writeFile(go, '');
    const done = await editing;
    expect(done).toMatchObject({ code: 1, out: '' });
    expect(done.err).toMatch(/warning: routes: new: https b\.example\.com:443 by grant .* until 20/);
    expect(done.err).toContain('the routes of the bottle changed since they were shown');
    expect(await world.states()).toEqual(['open', 'approved']);
    expect(first).not.toBe('');
  });
});
