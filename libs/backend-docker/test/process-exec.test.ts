import { execInBottle } from '@bot-bottle/backend';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testEngine } from './support/engine.ts';
import { localBottle, textOf, type LocalBottle } from './support/local-bottle.ts';

const engine = await testEngine();

describe.skipIf(engine === null)('processes on pipes', () => {
  let local: LocalBottle;
  beforeAll(async () => {
    if (engine !== null) local = await localBottle(engine, { workdir: '/home/node/workspace' });
  });
  afterAll(() => local.dispose());
  const run = (...argv: string[]) => execInBottle(local.bottle, argv);

  test('the exit code, both outputs and the input come through', async () => {
    const result = await execInBottle(local.bottle, ['sh', '-c', 'cat; echo err >&2; exit 7'], {
      input: 'given',
    });
    expect(result).toMatchObject({ code: 7, stdout: 'given', stderr: 'err\n' });
  });

  test('a script can open its own standard streams by name', async () => {
    const script = 'cat /dev/stdin > /dev/stdout; echo err > /dev/stderr';
    const result = await execInBottle(local.bottle, ['sh', '-c', script], { input: 'given' });
    expect(result).toMatchObject({ code: 0, stdout: 'given', stderr: 'err\n' });
  });

  test('arguments arrive as they are', async () => {
    const odd = ['', ' ', "it's", '$(id)', '`id`', '"q"', '\n', 'ä\u{1f980}', '-n', '--', '*', '\\', '\x01'];
    const result = await run(
      'node',
      '-e',
      'console.log(JSON.stringify(process.argv.slice(1)))',
      '--',
      ...odd,
    );
    expect(JSON.parse(result.stdout)).toEqual(odd);
  });

  test('the working directory is the workdir, which is there from the start', async () => {
    expect((await run('pwd')).stdout).toBe('/home/node/workspace\n');
  });

  test('what a process is given in its environment wins', async () => {
    const child = await local.bottle.spawn(['sh', '-c', 'echo $HOME $EXTRA'], {
      env: { EXTRA: 'x', HOME: '/tmp' },
      cwd: '/',
    });
    expect(await textOf(child.stdout)).toBe('/tmp x\n');
  });

  test('a program that does not exist is named', async () => {
    await expect(local.bottle.spawn(['no-such-program'])).rejects.toMatchObject({
      code: 'exec_failed',
      message: 'no-such-program: not found',
    });
  });

  test('a folder that does not exist is named', async () => {
    await expect(local.bottle.spawn(['true'], { cwd: '/nowhere' })).rejects.toThrow(
      '/nowhere: no such directory',
    );
  });

  test('a zero byte is refused before anything starts', async () => {
    await expect(local.bottle.spawn(['echo', 'a\0b'])).rejects.toThrow('zero byte');
    await expect(local.bottle.spawn([])).rejects.toThrow('needs a name');
  });

  test('a signal reaches the process and what it started', async () => {
    const child = await local.bottle.spawn(['sh', '-c', 'sleep 1000 & echo started; wait']);
    child.stdout.once('data', () => child.kill('SIGTERM'));
    expect((await child.exited).code).toBe(143);
    expect(await textOf(child.stdout)).toBe('');
  });

  test('many processes at once do not mix', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `number ${index}`);
    const results = await Promise.all(names.map((name) => run('echo', name)));
    expect(results.map(({ stdout }) => stdout.trim())).toEqual(names);
  });

  test('output that nobody reads stops its writer, not the others', async () => {
    const silent = await local.bottle.spawn(['sh', '-c', 'yes']);
    expect((await run('echo', 'on')).stdout).toBe('on\n');
    silent.kill('SIGKILL');
    await silent.exited;
  });

  test('a stream that is thrown away does not stop its writer', async () => {
    const child = await local.bottle.spawn(['sh', '-c', 'head -c 5000000 /dev/zero; echo done >&2']);
    child.stdout.destroy();
    expect(await textOf(child.stderr)).toBe('done\n');
  });

  test('input for a process that does not read it is no error', async () => {
    const child = await local.bottle.spawn(['true']);
    child.stdin.write(Buffer.alloc(4_000_000));
    child.stdin.end();
    expect((await child.exited).code).toBe(0);
  });

  test('200 MB go in and out with flat memory', async () => {
    const size = 200 * 1024 * 1024;
    const child = await local.bottle.spawn(['cat']);
    const block = Buffer.alloc(1024 * 1024, 7);
    let received = 0;
    let peak = 0;
    const reading = (async () => {
      for await (const chunk of child.stdout) {
        received += (chunk as Buffer).length;
        peak = Math.max(peak, process.memoryUsage().rss);
      }
    })();
    const before = process.memoryUsage().rss;
    for (let sent = 0; sent < size; sent += block.length)
      if (!child.stdin.write(block)) await new Promise((resolve) => child.stdin.once('drain', resolve));
    child.stdin.end();
    await reading;
    expect(received).toBe(size);
    expect(peak - before).toBeLessThan(120 * 1024 * 1024);
  }, 60_000);
});
