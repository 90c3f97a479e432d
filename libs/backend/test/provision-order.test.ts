import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mintAuthority } from '@bot-bottle/egress';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { preparePlan, provision, type BottlePlan } from '../src/index.ts';
import { localBottle } from './local-bottle.ts';
import { sampleAgent } from './sample-agent.ts';
import { sampleHost, samplePlan, sampleRequest } from './sample-plan.ts';
import { tempDir } from './temp-dir.ts';

let caPem = '';
beforeAll(async () => {
  caPem = (await mintAuthority({ bottle: 'test-00000', days: 2 })).cert;
});

const commands = (
  plan: BottlePlan,
  preCopy: string[][],
  verify: string[][],
  expectOutput: string | null = null,
): BottlePlan => ({
  ...plan,
  provision: {
    ...plan.provision,
    dirs: [{ path: '/home/node/.tool', mode: 0o700 }],
    files: [{ path: '/home/node/.tool/config', mode: 0o600, source: { content: 'config' } }],
    preCopy: preCopy.map((argv) => ({
      argv,
      failureMessage: 'preparing the tool failed',
      expectOutput: null,
    })),
    verify: verify.map((argv) => ({ argv, failureMessage: 'the tool is not logged in', expectOutput })),
  },
});

describe('provision', () => {
  it.each([
    ['of a new bottle', false],
    ['of a resumed one', true],
  ])('puts nothing into the home %s before it is allowed', async (_what, isResumed) => {
    const folder = await tempDir();
    const { deps } = await sampleHost(folder);
    const fresh = await preparePlan(sampleRequest(sampleAgent(), {}), deps);
    const plan: BottlePlan = isResumed ? { ...fresh, resumed: { workspace: false } } : fresh;
    const bottle = await localBottle(folder);
    const { promise: allowed, resolve } = Promise.withResolvers<void>();
    const done = provision(bottle, plan, { caPem, env: {}, allowed });
    // As much as happens without the permission: the program that unpacks is there, or not even that.
    if (isResumed) await new Promise((next) => setImmediate(next));
    else await vi.waitFor(() => expect(bottle.spawned).toHaveLength(1));
    expect(await readdir(bottle.home)).toEqual([]);
    if (isResumed) expect(bottle.spawned).toHaveLength(0);
    resolve();
    await done;
    expect(await readFile(join(bottle.home, '.bot-bottle/ca.crt'), 'utf8')).toBe(caPem);
  });

  it('puts nothing into the home when it is not allowed', async () => {
    const folder = await tempDir();
    const { deps } = await sampleHost(folder);
    const plan = await preparePlan(sampleRequest(sampleAgent(), {}), deps);
    const bottle = await localBottle(folder);
    const allowed = Promise.reject(new Error('the bottle is not closed'));
    await expect(provision(bottle, plan, { caPem, env: {}, allowed })).rejects.toThrow('not closed');
    expect(await readdir(bottle.home)).toEqual([]);
  });

  it('puts everything in place by one process in the guest', async () => {
    const folder = await tempDir();
    const { deps } = await sampleHost(folder);
    await mkdir(join(deps.botBottleHome, 'skills/review'), { recursive: true });
    await writeFile(join(deps.botBottleHome, 'skills/review/SKILL.md'), 'a skill');
    await mkdir(join(folder, 'project'));
    await writeFile(join(folder, 'project/file'), 'content');
    const agent = sampleAgent({
      skills: ['review'],
      bottle: {
        gitGate: { user: { name: { value: 'A "x" \\ B', origin: 'agent' }, email: null }, repos: {} },
      },
    });
    const plan = await preparePlan(sampleRequest(agent, { cwd: join(folder, 'project') }), deps);
    const bottle = await localBottle(folder);
    const result = await provision(bottle, plan, { caPem, env: {} });
    expect(bottle.spawned).toHaveLength(1);
    expect(result.caFingerprint).toMatch(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    const read = async (path: string): Promise<string> => await readFile(join(bottle.home, path), 'utf8');
    expect(await read('.bot-bottle/ca.crt')).toBe(caPem);
    expect(await read('.bot-bottle-prompt.txt')).toBe('Be careful.');
    expect(await read('.skills/review/SKILL.md')).toBe('a skill');
    expect(await read('workspace/file')).toBe('content');
    expect(await read('.gitconfig')).toBe('[user]\n\tname = "A \\"x\\" \\\\ B"\n');
    expect((await lstat(join(bottle.home, '.bot-bottle-prompt.txt'))).mode & 0o777).toBe(0o600);
    expect((await lstat(join(bottle.home, 'workspace'))).mode & 0o777).toBe(0o755);
  });

  it('runs the provider’s commands between its folders and its files', async () => {
    const folder = await tempDir();
    const bottle = await localBottle(folder);
    const plan = commands(
      await samplePlan(folder),
      [['sh', '-c', 'test -d /home/node/.tool && ! test -e .tool/config && test -d .tool']],
      [['sh', '-c', 'cat .tool/config']],
      'config',
    );
    const early = {
      ...plan,
      provision: {
        ...plan.provision,
        preCopy: [
          { argv: ['test', '-d', '/home/node/.tool'], failureMessage: 'x', expectOutput: null },
          { argv: ['test', '!', '-e', '/home/node/.tool/config'], failureMessage: 'y', expectOutput: null },
        ],
      },
    };
    await provision(bottle, early, { caPem, env: {} });
    expect(bottle.spawned.map(([program]) => program)).toEqual([
      '/bin/sh',
      'test',
      'test',
      '/bin/sh',
      'sh',
      '/bin/sh',
    ]);
  });

  it.each([
    ['preparing the tool failed', [['sh', '-c', 'echo why >&2; exit 1']], []],
    ['the tool is not logged in', [], [['sh', '-c', 'echo logged out']]],
  ])('fails with the message %j and the words of the command', async (message, preCopy, verify) => {
    const folder = await tempDir();
    const plan = commands(await samplePlan(folder), preCopy, verify, 'logged in as');
    const provisioning = provision(await localBottle(folder), plan, { caPem, env: {} });
    await expect(provisioning).rejects.toMatchObject({ code: 'provision_failed', message, exitCode: 125 });
  });

  it('finds the expected text on stderr too, whatever the exit code says', async () => {
    const folder = await tempDir();
    const plan = commands(
      await samplePlan(folder),
      [],
      [['sh', '-c', 'echo logged in as x >&2; exit 1']],
      'logged in as',
    );
    await provision(await localBottle(folder), plan, { caPem, env: {} });
  });

  it('refuses a CA that is not the one that was written', async () => {
    const folder = await tempDir();
    await writeFile(join(folder, 'sha256sum'), `#!/bin/sh\necho ${'0'.repeat(64)}  x\n`, { mode: 0o755 });
    const bottle = await localBottle(folder, `${folder}:/usr/bin:/bin`);
    await expect(provision(bottle, await samplePlan(folder), { caPem, env: {} })).rejects.toThrow(
      'the CA in the bottle',
    );
  });

  it('refuses a CA that could not be summed', async () => {
    const folder = await tempDir();
    await writeFile(join(folder, 'sha256sum'), '#!/bin/sh\ntrue\n', { mode: 0o755 });
    const bottle = await localBottle(folder, `${folder}:/usr/bin:/bin`);
    await expect(provision(bottle, await samplePlan(folder), { caPem, env: {} })).rejects.toMatchObject({
      code: 'provision_failed',
    });
  });

  it.each(['/etc/passwd', '/home/node/../x', '/home/nodex/y', '/home/node/', '/home/node/a//b'])(
    'writes nothing to %s',
    async (path) => {
      const folder = await tempDir();
      const plan = await samplePlan(folder);
      const changed = {
        ...plan,
        provision: { ...plan.provision, files: [{ path, mode: 0o600, source: { content: '' } }] },
      };
      await expect(provision(await localBottle(folder), changed, { caPem, env: {} })).rejects.toMatchObject({
        code: 'provision_failed',
      });
    },
  );

  it('leaves out files that hold a secret of this launch, and says which', async () => {
    const folder = await tempDir();
    const { deps } = await sampleHost(folder);
    await mkdir(join(folder, 'project'));
    await writeFile(join(folder, 'project/config.json'), '{"key": "the-operators-own-secret-value"}');
    await writeFile(join(folder, 'project/other'), 'fine');
    const plan = await preparePlan(sampleRequest(undefined, { cwd: join(folder, 'project') }), deps);
    expect(plan.workspace?.flagged).toEqual([]);
    const bottle = await localBottle(folder);
    const knownSecrets = [{ name: 'EGRESS_TOKEN_0', value: 'the-operators-own-secret-value' }];
    const { leftOut, warnings } = await provision(bottle, plan, { caPem, env: {}, knownSecrets });
    expect(leftOut.map(({ path }) => path)).toEqual(['config.json']);
    expect(warnings[0]).toContain('config.json');
    await expect(lstat(join(bottle.home, 'workspace/config.json'))).rejects.toThrow('ENOENT');
    expect(await readFile(join(bottle.home, 'workspace/other'), 'utf8')).toBe('fine');
  });
});

describe('the registration of the supervise tools', () => {
  const registering = async (argv: string[]) => {
    const folder = await tempDir();
    const plan: BottlePlan = {
      ...(await samplePlan(folder)),
      superviseCommands: [{ argv, failureMessage: 'the tools could not be registered', expectOutput: null }],
    };
    const bottle = await localBottle(folder);
    return { bottle, result: await provision(bottle, plan, { caPem, env: {} }) };
  };

  it('comes last, when the home is complete', async () => {
    const { bottle, result } = await registering(['sh', '-c', 'ls -A .bot-bottle > seen']);
    expect(result.warnings).toEqual([]);
    expect(await readFile(join(bottle.home, 'seen'), 'utf8')).toBe('ca.crt\n');
  });

  it.each([
    [
      'fails',
      ['sh', '-c', 'echo "no\u001b[31m room" >&2; exit 3'],
      /^the tools could not be registered: no\\u\{1b\}\[31m room$/,
    ],
    ['is not there', ['sh', '-c', 'exec no-such-program'], /no-such-program/],
  ])('is a warning when its command %s', async (_what, argv, warning) => {
    const { result } = await registering(argv);
    expect(result.warnings).toEqual([expect.stringMatching(warning)]);
  });
});
