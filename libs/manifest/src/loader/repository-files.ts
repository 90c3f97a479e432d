import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { listFolder } from './list-folder.ts';
import { errorCode, folderPath, openBeneath, UnsafePathError } from './open-beneath.ts';
import { fileError, type FileName, readText } from './read-text.ts';
import type { ManifestWarning } from './warnings.ts';

const agentSteps = ['.bot-bottle', 'agents'] as const;

/** Whether the working folder's `.bot-bottle` is the home folder itself: then it ships nothing. */
export async function isHomeFolder(cwd: string, botBottleHome: string): Promise<boolean> {
  const [own, home] = await Promise.all(
    [path.join(cwd, '.bot-bottle'), botBottleHome].map((each) => realpath(each).catch(() => null)),
  );
  return own !== null && own === home;
}

/** Names of the agents that a repository ships. Links are never followed: what they hide is ignored with a warning. */
export async function listRepositoryAgents(cwd: string, warnings: ManifestWarning[]): Promise<string[]> {
  const folder = path.join(cwd, ...agentSteps);
  try {
    const handle = await openBeneath(cwd, agentSteps, 'folder');
    if (handle === null) return [];
    try {
      return await listFolder(folderPath(handle, folder), folder, warnings);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const why =
      error instanceof UnsafePathError ? 'a part of its path is a link or no folder' : errorCode(error);
    if (why === '') throw error;
    warnings.push({
      code: 'repository_folder_ignored',
      file: folder,
      message: `${folder} is ignored: ${why}`,
    });
    return [];
  }
}

/** Warns of bottles in a repository: they are never read. */
export async function warnOfRepositoryBottles(cwd: string, warnings: ManifestWarning[]): Promise<void> {
  const folder = path.join(cwd, '.bot-bottle', 'bottles');
  const info = await stat(folder).catch(() => null);
  if (info === null) return;
  const message = `${folder} is ignored: bottles are read from the home folder only`;
  warnings.push({ code: 'repository_bottles_ignored', file: folder, message });
}

/**
 * Text of an agent file that a repository ships: regular, at most 256 KiB, reached without following a link.
 * Null when it does not exist.
 * @throws {ManifestErrors}
 */
export async function readRepositoryAgent(cwd: string, stem: string, name: FileName): Promise<string | null> {
  try {
    const handle = await openBeneath(cwd, [...agentSteps, `${stem}.md`], 'file');
    if (handle === null) return null;
    try {
      return await readText(handle, name);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof UnsafePathError) {
      throw fileError(
        name,
        'unsafe_file',
        'links are not followed in a repository',
        'make it a regular file',
      );
    }
    const code = errorCode(error);
    if (code === '' || code === 'invalid_manifest') throw error;
    throw fileError(name, 'unreadable_file', `the file cannot be read (${code})`, 'check its permissions');
  }
}
