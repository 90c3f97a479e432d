import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { homeOf, metadataOf, onlyResumable, resume, start, stateDir } from './support/kept-bottle.ts';
import { operators } from './support/operators.ts';
import { World } from './support/world.ts';

const ours = ['.bot-bottle/ca.crt', '.bot-bottle-prompt.txt', '.gitconfig', '.skills/review/SKILL.md'];
const each = `for f in ${ours.join(' ')}`;

/** What an agent does with the places of our files before it ends; HOST is a folder of the host that it cannot see. */
const plants: ReadonlyArray<readonly [string, string]> = [
  ['links to a file of the host', `${each}; do rm -f $f; ln -s HOST/victim $f; done`],
  ['links to a file of the host that is not there', `${each}; do rm -f $f; ln -s HOST/new $f; done`],
  [
    'folders that are links to the host',
    'rm -rf .bot-bottle .skills; ln -s HOST .bot-bottle; ln -s HOST .skills',
  ],
  [
    'folders that are links to each other',
    'rm -rf .bot-bottle .skills; ln -s .skills .bot-bottle; ln -s .bot-bottle .skills',
  ],
  ['pipes', `${each}; do rm -f $f; mkfifo $f; done`],
  [
    'sockets',
    `${each}; do rm -f $f; node -e 'net.createServer().listen(process.argv[1], () => process.exit())' $f || true; done`,
  ],
  [
    'full folders that cannot be entered',
    `${each}; do rm -f $f; mkdir -p $f/deep/er; touch $f/deep/er/file; chmod 0 $f/deep $f; done`,
  ],
  ['its own text, which nobody may write', `${each}; do rm -f $f; echo evil > $f; chmod 0 $f; done`],
  ['every mode bit', 'chmod -R 7777 . || true; chmod 7777 .'],
  ['no mode bit at all', 'chmod 0 .bot-bottle .skills .'],
  ['nothing', 'rm -rf ~/* ~/.[!.]*'],
];

describe.each(operators)('as $name, a home that a hostile agent left', (operator) => {
  let world: World;
  let victim = '';
  beforeEach(() => {
    world = new World(operator);
    world.bottle(
      'plain',
      [
        'agent_provider: { template: command, command: [bash] }',
        'supervise: false',
        'git-gate: { user: { name: Agent, email: agent@e2e.test } }',
      ].join('\n'),
    );
    world.write('agents/worker.md', '---\nbottle: plain\nskills: [review]\n---\nBe careful.\n');
    world.write('skills/review/SKILL.md', 'a skill\n');
    const host = path.join(world.dir, 'host');
    mkdirSync(host);
    chmodSync(host, 0o777);
    victim = path.join(host, 'victim');
    writeFileSync(victim, 'untouched');
    chmodSync(victim, 0o666);
  });
  afterEach(async () => {
    const { identity } = await onlyResumable(world);
    if (operator.uid === 0) rmSync(path.dirname(homeOf(world, identity)), { recursive: true, force: true });
    await world.close();
  });

  it.each(plants)('with %s in it gets our files, and the host stays as it is', async (_what, plant) => {
    const script = `cd ~; ${plant.replaceAll('HOST', path.dirname(victim))}`;
    expect(await start(world, script, ['--keep'])).toMatchObject({ code: 0 });
    const { identity } = await onlyResumable(world);
    const before = statSync(victim);
    const outcome = await resume(
      world,
      identity,
      [
        'cd',
        `${each} .bot-bottle .skills; do stat -c '%F %a %U' $f; done`,
        'cat .bot-bottle-prompt.txt; echo; cat .skills/review/SKILL.md; git config --global user.name',
        'grep -c BEGIN .bot-bottle/ca.crt; stat -c %a ~; [ "$SSL_CERT_FILE" = ~/.bot-bottle/ca.crt ] && echo same',
      ].join('\n'),
    );
    expect(outcome).toMatchObject({ code: 0 });
    const [ca, prompt, git, skill, ...rest] = outcome.stdout.trimEnd().split('\n');
    expect([ca, prompt, git, skill]).toEqual([
      'regular file 644 node',
      'regular file 600 node',
      'regular file 644 node',
      'regular file 644 node',
    ]);
    expect(rest.slice(0, 2)).toEqual([
      expect.stringMatching(/^directory [0-7]+ node$/),
      expect.stringMatching(/^directory [0-7]+ node$/),
    ]);
    expect(rest.slice(2)).toEqual(['Be careful.', 'a skill', 'Agent', '1', '700', 'same']);
    expect(readFileSync(victim, 'utf8')).toBe('untouched');
    expect(readdirSync(path.dirname(victim))).toEqual(['victim']);
    const { uid, mode, mtimeMs } = statSync(victim);
    expect({ uid, mode, mtimeMs }).toEqual({ uid: before.uid, mode: before.mode, mtimeMs: before.mtimeMs });
    expect(statSync(homeOf(world, identity)).mode & 0o7777).toBe(0o700);
  });

  it('cannot reach the metadata or anything of the state, and makes no device', async () => {
    const script = [
      'find / -name metadata.json -not -path "/proc/*" -not -path "/usr/*" 2>/dev/null',
      'ls -a ~/.. /home; cat ~/../metadata.json ~/../../metadata.json 2>&1',
      'echo "{}" > ~/../metadata.json; touch ~/../.preserve; mkdir -p ~/../logs',
      'echo "{}" > ~/metadata.json; echo x > ~/.preserve; echo / > ~/state-dir; touch ~/.lock-9',
      'mknod ~/null c 1 3; mknod ~/disk b 8 0; true',
    ].join('\n');
    expect(await start(world, script, ['--keep'])).toMatchObject({ code: 0 });
    const { identity } = await onlyResumable(world);
    const before = metadataOf(world, identity);
    expect(before).toMatchObject({ identity, agent: 'worker', bottle: 'plain', backend: 'bubblewrap' });
    expect(readdirSync(homeOf(world, identity))).not.toContain('null');
    const again = await resume(world, identity, script);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).not.toContain(world.botBottleHome);
    expect(again.stdout).not.toContain('started_at');
    const { started_at: _start, owner_pid: _pid, ...after } = metadataOf(world, identity);
    const { started_at: _earlier, owner_pid: _gone, ...expected } = before;
    expect(after).toEqual(expected);
    const names = readdirSync(stateDir(world, identity)).filter((name) => !name.startsWith('.lock-'));
    expect(names.toSorted()).toEqual(
      ['.preserve', ...(operator.uid === 0 ? [] : ['home']), 'logs', 'metadata.json'].toSorted(),
    );
  });
});
