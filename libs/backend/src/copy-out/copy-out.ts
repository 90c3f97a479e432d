import { mkdtemp, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, posix, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Bottle } from '../contracts.ts';
import { BackendError } from '../errors.ts';
import { mergeInto } from './merge-into.ts';
import { unpack, type Unpacked } from './unpack.ts';

export interface CopyOutOptions {
  /** overwrite files that are already there */
  readonly force: boolean;
  /** bytes, default 8 GiB */
  readonly maxBytes?: number;
  /** default one million */
  readonly maxEntries?: number;
  /** bytes; larger files are skipped, default none */
  readonly maxFileBytes?: number;
  /** whether something, by its path below the copied thing, is passed over */
  readonly leaveOut?: (path: string) => boolean;
  /** the same for the tar in the bottle, so that less has to come: `--exclude` patterns */
  readonly exclude?: readonly string[];
  /** told of files and bytes after each file */
  readonly onProgress?: (files: number, bytes: number) => void;
  readonly env?: Readonly<Record<string, string>>;
  /** milliseconds, default ten minutes */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface CopyOutResult extends Unpacked {
  /** where it is now */
  readonly path: string;
  /** what the tar in the bottle said when it could not read everything; null: it did not complain */
  readonly complaint: string | null;
}

/**
 * The tar of the system: the PATH of what runs in a bottle begins with a folder that the agent writes to, and a tar of
 * its own could show another workspace than there is.
 */
const systemTar = ['/usr/bin/env', '-i', 'PATH=/usr/bin:/bin:/usr/sbin:/sbin', 'tar'];

/**
 * Copies a file or folder of a bottle to the host. The bottle's tar is taken for hostile: everything is unpacked into a
 * fresh folder beside the destination first, then moved there.
 *
 * @param guestPath absolute path in the guest
 * @param destination an existing folder to put it in, or the new name
 * @throws BackendError `copy_refused` or `exec_failed`
 */
export async function copyOut(
  bottle: Bottle,
  guestPath: string,
  destination: string,
  options: CopyOutOptions,
): Promise<CopyOutResult> {
  const source = posix.normalize(guestPath).replace(/(?<=.)\/$/, '');
  const name = posix.basename(source);
  if (!source.startsWith('/') || name === '' || source.includes('\0')) {
    throw new BackendError(
      'copy_refused',
      `${JSON.stringify(guestPath)} is not an absolute path of a file or folder`,
    );
  }
  const target = await destinationOf(destination, name);
  const staging = await mkdtemp(join(dirname(target), '.bot-bottle-cp-'));
  try {
    const unpacked = await fetch(bottle, posix.dirname(source), name, staging, options);
    if (!unpacked.found) throw new BackendError('copy_refused', nothingCopied(guestPath, unpacked));
    await mergeInto(join(staging, 'root'), target, options.force);
    return { ...unpacked, path: target };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function destinationOf(destination: string, name: string): Promise<string> {
  const path = resolve(destination);
  const found = await stat(path).catch(() => null);
  const target = found?.isDirectory() === true ? join(await realpath(path), name) : path;
  const parent = await realpath(dirname(target)).catch(() => null);
  if (parent === null) throw new BackendError('copy_refused', `the folder ${dirname(target)} does not exist`);
  return join(parent, basename(target));
}

async function fetch(
  bottle: Bottle,
  folder: string,
  name: string,
  staging: string,
  options: CopyOutOptions,
): Promise<Unpacked & Pick<CopyOutResult, 'complaint'>> {
  const env = options.env === undefined ? {} : { env: options.env };
  const exclude = (options.exclude ?? []).map((pattern) => `--exclude=${pattern}`);
  const argv = [...systemTar, '-C', folder, '-cf', '-', ...exclude, '--', name];
  const child = await bottle.spawn(argv, { ...env, cwd: '/' });
  child.stdin.on('error', () => undefined);
  child.stdin.end();
  const complaints = readSome(child.stderr);
  const limit = AbortSignal.timeout(options.timeoutMs ?? 600_000);
  const signal = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]);
  const abort = (): void => {
    child.kill('SIGKILL');
    child.stdout.destroy(
      new BackendError('exec_failed', 'the copy was interrupted or took too long', { cause: signal.reason }),
    );
  };
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  try {
    const { maxFileBytes, leaveOut, onProgress } = options;
    const limits = {
      bytes: options.maxBytes ?? 8 * 1024 ** 3,
      entries: options.maxEntries ?? 1_000_000,
      ...(maxFileBytes === undefined ? {} : { fileBytes: maxFileBytes }),
      ...(leaveOut === undefined ? {} : { leaveOut }),
      ...(onProgress === undefined ? {} : { onProgress }),
    };
    const unpacked = await unpack(child.stdout, name, staging, limits);
    // The end of the stream was read unless the bottle keeps on sending.
    if (!child.stdout.readableEnded) child.kill('SIGKILL');
    child.stdout.destroy();
    const status = await Promise.race([child.exited, aborted(signal)]);
    if (status.code === 0) return { ...unpacked, complaint: null };
    const stderr = await Promise.race([complaints, aborted(signal)]);
    if (!unpacked.found && unpacked.skipped.length === 0)
      throw new BackendError('copy_refused', `${posix.join(folder, name)} cannot be read in the bottle`, {
        data: { stderr },
      });
    return { ...unpacked, complaint: stderr === '' ? 'tar did not end in order' : stderr };
  } finally {
    signal.removeEventListener('abort', abort);
    child.kill('SIGKILL');
  }
}

async function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const interrupted = (): void =>
    reject(
      new BackendError('exec_failed', 'the copy was interrupted or took too long', { cause: signal.reason }),
    );
  if (signal.aborted) interrupted();
  else signal.addEventListener('abort', interrupted, { once: true });
  return await promise;
}

async function readSome(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  stream.on('data', (chunk: Buffer | string) => {
    if (text.length < 4096) text += chunk.toString().slice(0, 4096);
  });
  await finished(stream).catch(() => undefined);
  return text;
}

function nothingCopied(guestPath: string, { skipped }: Unpacked): string {
  const why = skipped[0]?.why;
  return `nothing was copied from ${guestPath}${why === undefined ? '' : `: ${why}`}`;
}
