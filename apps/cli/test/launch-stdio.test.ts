import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import type { Io } from '../src/io.ts';
import { launchStdio } from '../src/terminal/launch-stdio.ts';

function io(isTTY: boolean): { io: Io; stdout: PassThrough } {
  const stdout = Object.assign(new PassThrough(), { isTTY });
  const streams = { stdin: new PassThrough(), stdout, stderr: new PassThrough() } as unknown as Pick<
    Io,
    'stdin' | 'stdout' | 'stderr'
  >;
  return { io: { ...streams, env: {}, cwd: '/' }, stdout };
}

it('passes every byte to a pipe', async () => {
  const { io: surroundings, stdout } = io(false);
  const bytes = Buffer.concat([randomBytes(100_000), Buffer.from('\u001b]52;c;aGk=\u0007')]);
  launchStdio(surroundings, false).open().stdout?.end(bytes);
  expect((await buffer(stdout)).equals(bytes)).toBe(true);
});

it('keeps dangerous sequences from a terminal, also for a program that has none', async () => {
  const { io: surroundings, stdout } = io(true);
  const target = launchStdio(surroundings, false).open().stdout;
  target?.write('a\u001b]52;c;aGk=');
  target?.end('\u0007b\n', () => stdout.end());
  expect((await buffer(stdout)).toString()).toBe('ab\n');
});

it('waits for a slow terminal', async () => {
  const { io: surroundings, stdout } = io(true);
  const target = launchStdio(surroundings, false).open().stdout;
  if (target === null) throw new Error('no stdout');
  while (target.write('x'.repeat(16_384))) await new Promise((resolve) => setImmediate(resolve));
  expect(stdout.readableLength + stdout.writableLength).toBeLessThan(200_000);
  stdout.resume();
  await new Promise((resolve) => target.once('drain', resolve));
});
