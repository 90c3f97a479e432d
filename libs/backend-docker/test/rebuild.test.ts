import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BottleSpec } from '@bot-bottle/backend';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { plainAgent } from '../src/images/agent-image.ts';
import { labelNames } from '../src/labels.ts';
import { engineContents, testEngine } from './support/engine.ts';
import { holdBottle } from './support/hold-bottle.ts';
import { bottleSpec, localBottle, type LocalBottle } from './support/local-bottle.ts';
import { waitUntil } from './support/wait-until.ts';

const engine = await testEngine();
const mark = randomBytes(8).toString('hex');

/** Everything that an image could do to the one who runs it. */
const hostile = `FROM agent
USER root
RUN printf '#!/bin/sh\\necho ${mark}\\n' > /usr/local/bin/newtool && chmod 755 /usr/local/bin/newtool
RUN cp /bin/sh /usr/local/bin/rootsh && chmod 6755 /usr/local/bin/rootsh
RUN mknod /disk b 8 0 && mknod /memory c 1 1 && chmod 666 /disk /memory && chmod 777 /opt
RUN sed -i 's/^\\([^:]*\\):[^:]*:1000:1000:/\\1::1000:0:/' /etc/passwd && sed -i '/^root:/s/$/node/' /etc/group
RUN mkdir -p /home/node/.ssh && echo planted > /home/node/.ssh/config && chmod 777 /home/node
# What keeps an ordinary container open, and what an ordinary self-check asks.
RUN printf '#!/bin/sh\\ntrap "" HUP INT TERM PIPE\\nwhile :; do sleep 1; done\\n' > /bin/cat && chmod 755 /bin/cat
RUN printf '#!/bin/sh\\necho "[]"\\n' > /tmp/node && chmod 755 /tmp/node && mv /tmp/node "$(command -v node)"
ENV LD_PRELOAD=/evil.so NODE_OPTIONS=--require=/evil.js HTTP_PROXY=http://evil:1 BASH_ENV=/evil.sh PATH=/evil
`;

describe.skipIf(engine === null)('a bottle in an image that its agent wrote', () => {
  let local: LocalBottle;
  let before: Awaited<ReturnType<typeof engineContents>>;
  const image = { ...plainAgent, rebuilt: hostile };
  const resources = { memory: 256 * 1024 ** 2, cpus: 1, pids: 100, disk: null };

  /** Containers of a bottle that run. */
  const running = async (identity: string): Promise<readonly string[]> => {
    const filters = { label: [`${labelNames.slug}=${identity}`] };
    return (await engine?.docker.listContainers({ filters }))?.map(({ Names }) => Names.join()) ?? [];
  };

  beforeAll(async () => {
    if (engine === null) return;
    before = await engineContents(engine.docker);
    const first = await localBottle(engine, { resources });
    await first.sh('echo earlier > ~/work; mkdir ~/workspace');
    // As an approval does it: built beside the bottle that runs, which is then ended and kept.
    await first.host.rebuild?.(hostile, {});
    expect((await first.sh('newtool 2>&1; cat ~/work')).stdout).toMatch(/not found\nearlier/);
    writeFileSync(join(first.stateDir, '.preserve'), '');
    expect(await first.host.close()).toEqual([]);
    const spec: Partial<BottleSpec> = { resources, image, resumed: true, sidecars: ['egress'] };
    const same = { identity: first.identity, stateDir: first.stateDir };
    const said: string[] = [];
    local = await localBottle(engine, { ...spec, ...same }, {}, { onProgress: (what) => said.push(what) });
    // The tag was there already.
    expect(said.filter((line) => line.includes('agent-rebuilt'))).toEqual([]);
  }, 240_000);
  afterAll(async () => {
    if (engine === null) return;
    await local.dispose();
    const after = await engineContents(engine.docker);
    expect(after['containers']).toEqual(before['containers']);
    expect(after['networks']).toEqual(before['networks']);
    const own = await engine.docker.listImages({ filters: { label: ['bot-bottle.image=agent-rebuilt'] } });
    for (const { RepoTags } of own)
      for (const tag of RepoTags ?? []) await engine.docker.getImage(tag).remove({ force: true });
  });

  test('has what was built, and the home that it had', async () => {
    expect((await local.sh('newtool; read -r line < ~/work; echo "$line"; ls -d ~/workspace')).stdout).toBe(
      `${mark}\nearlier\n/home/node/workspace\n`,
    );
    // Nothing of the image's home gets into it.
    expect((await local.sh('ls -A ~/.ssh 2>&1')).stdout).toMatch(/No such file/);
  });

  test('is the same user without rights, whatever the image says of users', async () => {
    const { stdout } = await local.sh(
      `grep -E '^(Cap|NoNewPrivs|Seccomp:|Uid|Gid|Groups)' /proc/self/status; id -G; rootsh -p -c 'id -u'`,
    );
    for (const line of [
      /CapInh:\s+0{16}\n/,
      /CapPrm:\s+0{16}\n/,
      /CapEff:\s+0{16}\n/,
      /CapBnd:\s+0{16}\n/,
      /CapAmb:\s+0{16}\n/,
      /NoNewPrivs:\s+1\n/,
      /Seccomp:\s+2\n/,
      /Uid:\s+1000\s+1000\s+1000\s+1000\n/,
      /Gid:\s+1000\s+1000\s+1000\s+1000\n/,
      /Groups:\s*(?:1000\s*)?\n/,
      /\n1000\n1000\n$/,
    ])
      expect(stdout).toMatch(line);
  });

  test.each([
    ['writes to its image', 'touch /x || touch /opt/x || touch /usr/local/bin/x'],
    ['opens a disk', 'head -c 1 /disk'],
    ['opens memory', 'head -c 1 /memory'],
    ['ends its keeper', 'kill -9 1 || kill -STOP 1'],
    ['enters its keeper', 'ls /proc/1/root/ || ls /proc/1/fd'],
    ['changes names', 'echo 1.2.3.4 egress >> /etc/hosts'],
    ['is root by a password that is none', 'su -c true root </dev/null || su -c true node </dev/null'],
  ])('never %s', async (_what, script) => {
    expect((await local.sh(`{ ${script}; } >/dev/null 2>&1 && echo DONE`)).stdout).toBe('');
  });

  test('nothing of the environment of the image reaches a process', async () => {
    const { stdout, stderr } = await local.sh('env');
    expect(stdout).not.toMatch(/LD_PRELOAD|NODE_OPTIONS|HTTP_PROXY|BASH_ENV|evil/);
    expect(stdout).toContain('PATH=/usr/local/sbin:');
    expect(stderr).toBe('');
  });

  test('reaches its sidecars by name and nobody else', async () => {
    expect(
      (await local.sh('getent hosts egress; getent hosts example.com; ls /sys/class/net')).stdout,
    ).toMatch(/^\S+ +egress\n(?:eth0\nlo|lo\neth0)\n$/);
  });

  test('has its limits', async () => {
    const { stdout } = await local.sh(
      'i=0; while [ $i -lt 150 ]; do sleep 5 & i=$((i+1)); done 2>&1 | tail -1; echo; ls -d /proc/[0-9]* | wc -l',
    );
    expect(Number(stdout.trim().split('\n').at(-1))).toBeLessThan(115);
  });

  test('the self-check asks a program that the image has no part in', async () => {
    await local.host.selfCheck(local.bottle);
    // The image says that all is well, whatever is asked.
    expect((await local.run('node', '--eval', '')).stdout).toBe('[]\n');
    if (engine === null) return;
    const Container = `bot-bottle-${local.identity}-keeper`;
    const bridge = engine.docker.getNetwork('bridge');
    await bridge.connect({ Container });
    try {
      await expect(local.host.selfCheck(local.bottle)).rejects.toMatchObject({ code: 'self_check_failed' });
    } finally {
      await bridge.disconnect({ Container, Force: true });
    }
  });

  test('it ends with its owner, although its image does not want to', async () => {
    if (engine === null) return;
    const spec = bottleSpec({ image, resources });
    const child = await holdBottle(spec, engine.baseImage);
    expect(await running(spec.identity)).toHaveLength(2);
    child.kill('SIGKILL');
    await waitUntil(async () => (await running(spec.identity)).length === 0, 20_000);
    for (const each of await local.backend.leftovers(new Set()))
      if (each.identity === spec.identity) await each.remove();
  }, 120_000);

  test('what the agent left running ends with it', async () => {
    if (engine === null) return;
    const other = await localBottle(engine, { image });
    await other.sh('trap "" HUP TERM; setsid sleep 600 >/dev/null 2>&1 &');
    await other.bottle.close();
    await other.bottle.exited;
    expect(await running(other.identity)).toEqual([]);
    expect(await other.dispose()).toEqual([]);
  }, 120_000);
});

describe.skipIf(engine === null)('a build whose steps an agent wrote', () => {
  let local: LocalBottle;
  beforeAll(async () => {
    if (engine !== null) local = await localBottle(engine);
  });
  afterAll(() => local.dispose());

  const build = async (steps: string, signal?: AbortSignal): Promise<void> =>
    await local.host.rebuild?.(`FROM agent\nUSER root\n${steps}\n`, signal === undefined ? {} : { signal });
  /** Containers that the builder made and that run. */
  const builders = async (): Promise<number> =>
    ((await engine?.docker.listContainers()) ?? []).filter(({ Command }) => Command.includes(mark)).length;

  test('has no network, little memory, and nothing of this host', async () => {
    const wants = [
      `test "$(ls /sys/class/net)" = lo`,
      `! getent hosts example.com`,
      `test "$(cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null)" = 2147483648`,
      `! ls /var/run/docker.sock`,
      `! grep -E " /(home|root|mnt|host)" /proc/mounts`,
      `test "$(ulimit -c)" = 0`,
    ];
    await build(`RUN : ${mark}; ${wants.map((want) => `{ ${want}; } || exit 9`).join('; ')}`);
  }, 120_000);

  test('that fails says where, and leaves nothing running', async () => {
    await expect(build(`RUN echo it is ${mark} && exit 3`)).rejects.toMatchObject({
      code: 'launch_failed',
      message: expect.stringMatching(/cannot be built: .*non-zero code: 3/),
      hint: expect.stringContaining(`it is ${mark}`),
    });
    expect(await builders()).toBe(0);
  }, 120_000);

  test('that says too much is ended', async () => {
    await expect(build(`RUN yes ${mark}`)).rejects.toMatchObject({
      message: expect.stringContaining('it printed more than 4 MiB'),
    });
    await waitUntil(async () => (await builders()) === 0, 30_000);
  }, 120_000);

  test('that does not end ends when nobody waits for it any more', async () => {
    const giveUp = new AbortController();
    const building = build(`RUN : ${mark}; sleep 600`, giveUp.signal);
    building.catch(() => undefined);
    await waitUntil(async () => (await builders()) === 1, 60_000);
    giveUp.abort(new Error('given up'));
    await expect(building).rejects.toThrow(/given up/);
    await waitUntil(async () => (await builders()) === 0, 30_000);
  }, 120_000);

  test.each([
    ['another image', 'FROM debian'],
    ['files of an image', 'FROM agent\nCOPY --from=debian /etc/passwd /x'],
    ['a label', 'FROM agent\nLABEL bot-bottle.inputs=x'],
  ])('%s is refused before the engine is asked', async (_what, dockerfile) => {
    await expect(local.host.rebuild?.(dockerfile, {})).rejects.toMatchObject({
      message: expect.stringContaining('breaks the rules'),
    });
  });
});
