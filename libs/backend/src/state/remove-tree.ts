import { spawn } from 'node:child_process';
import { lstat } from 'node:fs/promises';

const COMPLAINT_LIMIT = 500;

/**
 * Removes a tree that something hostile wrote: folders without permissions, nested deeper than any path is long, names
 * that are no text, millions of files. Links are never followed. The system's own tools do it, because they go from
 * folder to folder by descriptor; Node's `rm` goes by path and keeps the whole tree in memory.
 *
 * @throws Error with what rm said, when something stays
 */
export async function removeTree(path: string): Promise<void> {
  const entry = await lstat(path).catch(() => null);
  if (entry === null || (await run('rm', ['-rf', '--', path])) === '') return;
  // Only folders of ours can be in the way: rm needs to be let in.
  if (entry.isDirectory()) await run('chmod', ['-R', 'u+rwX', '--', path]);
  const complaint = await run('rm', ['-rf', '--', path]);
  if (complaint !== '') throw new Error(complaint);
}

/** Runs a program of the system to its end; returns what it complained about, '' when all went well. */
async function run(program: string, args: readonly string[]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const child = spawn(program, args, { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    if (complaint.length < COMPLAINT_LIMIT) complaint += chunk.toString('utf8').slice(0, COMPLAINT_LIMIT);
  });
  child.once('error', (error) => resolve(`${program} cannot be run: ${error.message}`));
  child.once('close', (code) =>
    resolve(code === 0 ? '' : complaint.trim() || `${program} ended with ${code}`),
  );
  return await promise;
}
