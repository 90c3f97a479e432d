import { PassThrough } from 'node:stream';
import type { Io } from '../src/io.ts';

export interface FakeIo extends Io {
  /** what was written so far */
  readonly out: () => string;
  readonly err: () => string;
}

/** Surroundings without a terminal. */
export function fakeIo(env: Readonly<Record<string, string | undefined>> = {}, cwd = '/'): FakeIo {
  const stdin = new PassThrough();
  const [stdout, stderr] = [collector(), collector()];
  // A stream of a process that is no terminal differs from a plain one by methods that nothing here calls.
  const io = { stdin, stdout: stdout.stream, stderr: stderr.stream } as unknown as Pick<
    Io,
    'stdin' | 'stdout' | 'stderr'
  >;
  return { ...io, env, cwd, out: stdout.text, err: stderr.text };
}

function collector(): { stream: PassThrough; text: () => string } {
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') };
}
