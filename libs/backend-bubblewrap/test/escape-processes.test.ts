import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Subject, users } from './support/subject.ts';
import { isRunning, waitUntil } from './support/wait-until.ts';

describe.each(users)('processes, started by $name', (user) => {
  let subject: Subject;
  beforeAll(async () => {
    subject = new Subject(user);
    await subject.open();
  });
  afterAll(() => subject.dispose());

  test('only those of the bottle are to be seen', async () => {
    const commands = (await subject.sh('cat /proc/[0-9]*/comm; true')).stdout.trim().split('\n');
    expect([...new Set(commands.filter((name) => name !== 'cat'))]).toEqual(['bwrap', 'MainThread', 'sh']);
  });

  test('no process of the bottle has anything of the host in its environment', async () => {
    const all = await subject.sh("cat /proc/[0-9]*/environ | tr '\\0' '\\n'");
    expect(all.stdout).not.toContain('host-secret-value');
    expect(all.stdout).not.toContain(subject.home);
    const first = await subject.sh("tr '\\0' '\\n' </proc/1/environ");
    expect(first.stdout.trim()).toBe('PATH=/usr/bin:/bin');
  });

  test("init's memory, descriptors and environment are closed to the agent", async () => {
    const result = await subject.sh(
      'ls -l /proc/2/fd 2>/dev/null; cat /proc/2/environ /proc/2/maps 2>/dev/null; head -c1 /proc/2/mem; echo; : > /proc/2/mem && echo opened',
    );
    expect(result.stdout.trim()).toBe('');
  });

  test('a started process has its three descriptors and no other', async () => {
    const fds = await subject.exec(
      'perl',
      '-e',
      'opendir(D, "/proc/self/fd"); print join(" ", sort grep { /\\d/ && -e "/proc/self/fd/$_" } readdir D)',
    );
    expect(fds.stdout).toMatch(/^0 1 2( 3)?$/);
    const targets = await subject.exec('sh', '-c', 'for f in /proc/$$/fd/*; do readlink $f; done');
    expect(
      targets.stdout
        .trim()
        .split('\n')
        .filter((line) => !line.startsWith('pipe:')),
    ).toEqual([]);
    expect(targets.stdout.trim().split('\n').length).toBe(3);
  });

  test('the environment of a process is what it was given', async () => {
    const env = (await subject.exec('env')).stdout
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(new Set(env)).toEqual(new Set(['HOME', 'LANG', 'LOGNAME', 'PATH', 'SHELL', 'USER']));
  });

  test('signals reach no process of the host', async () => {
    await subject.sh(`kill -9 ${process.pid} ${subject.process.pid} 2>/dev/null; kill -TERM 1; true`);
    expect(isRunning(subject.process.pid ?? 0)).toBe(true);
    expect((await subject.sh('echo alive')).stdout).toBe('alive\n');
  });

  test('processes of the agent that lost their parent are reaped', async () => {
    // one that is never reaped stays, one that has just ended does not
    const script = `
      left() { cat /proc/[0-9]*/stat | grep -cE "\\(sleep\\)|\\) Z "; }
      for i in 1 2 3 4 5; do (sh -c "sleep 0.01 &"); done
      for i in $(seq 100); do [ "$(left)" = 0 ] && break; sleep 0.05; done
      left; true`;
    expect((await subject.sh(script)).stdout.trim()).toBe('0');
  });

  test('shared memory and message queues of the host are not there', async () => {
    const ipc = await subject.exec('ipcs', '-a');
    expect(ipc.stdout.split('\n').filter((line) => line.startsWith('0x'))).toEqual([]);
  });
});

describe.each(users)('an end, started by $name', (user) => {
  test('killing init ends the bottle and only the bottle', async () => {
    const [first, second] = [new Subject(user, 'first-aaaaa'), new Subject(user, 'second-bbbbb')];
    try {
      await Promise.all([first.open(), second.open()]);
      const pids = await first.pids();
      await first.sh('kill -9 2').catch(() => {});
      await waitUntil(() => pids.every((pid) => !isRunning(pid)));
      await expect(first.sh('true')).rejects.toThrow('could not be started');
      expect((await second.sh('echo on')).stdout).toBe('on\n');
    } finally {
      await Promise.all([first.dispose(), second.dispose()]);
    }
  });

  test('kill -9 of the owner leaves no process, and the remains can be cleared away', async () => {
    const subject = new Subject(user);
    try {
      await subject.open();
      await subject.sh(
        'setsid sleep 1000 >/dev/null 2>&1 & (trap "" TERM HUP INT; sleep 1000) >/dev/null 2>&1 & true',
      );
      const pids = await subject.pids();
      expect(pids.length).toBeGreaterThan(4);
      subject.process.kill('SIGKILL');
      await waitUntil(() => pids.every((pid) => !isRunning(pid)));
      const next = new Subject(user);
      Object.assign(next.options, subject.options);
      const left = await next.ask<Array<{ kind: string; identity: string }>>('leftovers');
      expect(left).toContainEqual({ kind: 'folder', identity: subject.identity });
      await next.ask('clean');
      expect((await next.ask<Array<{ identity: string }>>('leftovers')).length).toBeLessThanOrEqual(1);
      await next.dispose();
    } finally {
      await subject.dispose();
    }
  });

  test('a running bottle is not taken for a leftover', async () => {
    const subject = new Subject(user);
    try {
      await subject.open();
      expect(await subject.ask('leftovers')).toEqual([]);
      await expect(subject.open()).rejects.toThrow('runs already');
    } finally {
      await subject.dispose();
    }
  });

  test('closing ends what ignores every signal', async () => {
    const subject = new Subject(user);
    try {
      await subject.open();
      await subject.sh('(trap "" TERM HUP INT; exec sleep 1000) >/dev/null 2>&1 & true');
      const pids = await subject.pids();
      expect(await subject.ask('close')).toEqual([]);
      expect(pids.filter(isRunning)).toEqual([]);
    } finally {
      await subject.dispose();
    }
  });
});
