import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { BackendError } from '../errors.ts';
import { privateKeyProblem } from './private-key-problem.ts';

const maxBytes = 64 * 1024;

/**
 * Text of a private key file. Links are followed, as ssh does; what is behind them must be a regular file of the
 * operator or of root that no other user can read (sshd and ssh refuse it otherwise, ssh(1), FILES, `~/.ssh/id_rsa`).
 *
 * @throws BackendError `secret_unavailable`, never with anything of the file
 */
export async function readKeyFile(path: string): Promise<string> {
  let file: FileHandle;
  try {
    // A pipe would make an ordinary open wait for its writer.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    throw cannotOpen(path, error);
  }
  try {
    const { uid, mode, size, isFile } = await facts(file);
    if (!isFile) throw keyFileError(path, 'is not a regular file', 'name a private key file');
    refuseOpenFile(path, uid, mode);
    if (size > maxBytes) throw keyFileError(path, 'is larger than 64 KiB: no private key is', null);
    const text = await readAtMost(file, maxBytes);
    if (text === null) throw keyFileError(path, 'is larger than 64 KiB: no private key is', null);
    const problem = privateKeyProblem(text, path);
    if (problem !== null) throw keyFileError(path, problem.what, problem.hint);
    return text;
  } finally {
    await file.close();
  }
}

/**
 * Refuses a key file that is not there; nothing of it is read.
 *
 * @throws BackendError `secret_unavailable`
 */
export async function requireKeyFile(path: string): Promise<void> {
  try {
    await stat(path);
  } catch (error) {
    throw cannotOpen(path, error);
  }
}

async function facts(
  file: FileHandle,
): Promise<{ uid: number; mode: number; size: number; isFile: boolean }> {
  const found = await file.stat();
  return { uid: found.uid, mode: found.mode, size: found.size, isFile: found.isFile() };
}

function refuseOpenFile(path: string, uid: number, mode: number): void {
  const own = process.getuid?.() ?? uid;
  if (uid !== own && uid !== 0) {
    throw keyFileError(
      path,
      `belongs to user ${uid}, neither to you nor to root`,
      `sudo chown ${own} ${path}`,
    );
  }
  // Root's file may be readable by a group: how else could the operator read it.
  const closed = uid === own ? 0o077 : 0o027;
  if ((mode & closed) !== 0) {
    throw keyFileError(path, 'can be read or written by other users', `chmod 600 ${path}`);
  }
}

/** Null when there is more. */
async function readAtMost(file: FileHandle, limit: number): Promise<string | null> {
  const buffer = Buffer.alloc(limit + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  const text = length > limit ? null : buffer.toString('utf8', 0, length);
  buffer.fill(0);
  return text;
}

function cannotOpen(path: string, error: unknown): BackendError {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return keyFileError(path, 'does not exist', 'make one with ssh-keygen -t ed25519, or correct `identity`');
  }
  if (code === 'EACCES') return keyFileError(path, 'cannot be read by you', null);
  return keyFileError(path, 'cannot be opened', null, error);
}

function keyFileError(path: string, what: string, hint: string | null, cause?: unknown): BackendError {
  return new BackendError('secret_unavailable', `the key file ${path} ${what}`, {
    hint,
    data: { path },
    cause,
  });
}
