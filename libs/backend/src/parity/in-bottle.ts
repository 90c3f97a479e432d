import type { Readable } from 'node:stream';
import type { Bottle, ExitStatus } from '../contracts.ts';
import { execInBottle, type ExecOptions, type ExecResult } from '../provision/exec-in-bottle.ts';

/** Runs a POSIX shell script. */
export async function shell(bottle: Bottle, script: string, options: ExecOptions = {}): Promise<ExecResult> {
  return await execInBottle(bottle, ['sh', '-c', script], options);
}

/** Runs a module of Node.js and gives what it printed, trimmed. */
export async function node(bottle: Bottle, program: string, options: ExecOptions = {}): Promise<string> {
  const result = await execInBottle(bottle, ['node', '--input-type=module', '-'], {
    ...options,
    input: program,
  });
  return result.stdout.trim();
}

/** Everything that comes until the end, as text. */
export async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** Collects what comes; `until` resolves when the text holds what is wanted, or false when that never comes. */
export function watch(stream: Readable): {
  readonly text: () => string;
  readonly until: (wanted: (text: string) => boolean) => Promise<boolean>;
} {
  let text = '';
  let isOver = false;
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const each of waiting) each();
  };
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
    wake();
  });
  stream.once('close', () => {
    isOver = true;
    wake();
  });
  const until = (wanted: (text: string) => boolean): Promise<boolean> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!wanted(text) && !isOver) return;
        waiting.delete(look);
        resolve(wanted(text));
      };
      waiting.add(look);
      look();
    });
  return { text: () => text, until };
}

/** Exit code as a shell has it: whether a signal is told as such is the backend's business. */
export function shellCode({ code, signal }: ExitStatus, number: number): boolean {
  return code === 128 + number || (code === null && signal !== null);
}
