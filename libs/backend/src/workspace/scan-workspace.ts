import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { KnownSecret, Scanner } from '@bot-bottle/dlp';
import { resolveGitDir } from './git/resolve-git-dir.ts';
import { walkWorkspace } from './walk-workspace.ts';

/** Larger files are not looked at: they are data, and reading them all would make every launch slow. */
export const scannedBytes = 1024 * 1024;

export interface FlaggedFile {
  readonly path: string;
  readonly rules: readonly string[];
}

/** A scanner for files of the host on their way in: credential formats, and the values this launch knows. */
export async function workspaceScanner(knownSecrets: readonly KnownSecret[] = []): Promise<Scanner> {
  // Loaded only when a folder is copied: a launch without one starts sooner.
  const { createScanner } = await import('@bot-bottle/dlp');
  return createScanner({
    detectors: ['known_secrets', 'token_patterns'],
    knownSecrets,
    canaries: [],
    allow: [],
  });
}

/** Rules that a file's content breaks; [] for binary and large files. */
export function flaggedRules(scanner: Scanner, content: Uint8Array): string[] {
  if (content.length === 0 || content.length > scannedBytes || content.subarray(0, 8192).includes(0))
    return [];
  return [...new Set(scanner.scanBytes(content, 'body').map(({ rule }) => rule))].toSorted();
}

/** Looks through a workspace before anything is built. */
export async function scanWorkspace(
  source: string,
  include: readonly string[],
): Promise<{ readonly flagged: FlaggedFile[]; readonly warnings: string[] }> {
  const scanner = await workspaceScanner();
  const flagged: FlaggedFile[] = [];
  const warnings: string[] = [];
  for await (const item of walkWorkspace(source, include)) {
    if (item.kind === 'git') {
      const result = await resolveGitDir(item.hostPath);
      if ('refused' in result) warnings.push(`${item.path} is left out: ${result.refused}`);
    }
    if (item.kind !== 'file' || item.included || item.size > scannedBytes) continue;
    const content = await readFileNoFollow(item.hostPath);
    const rules = content === null ? [] : flaggedRules(scanner, content);
    if (rules.length > 0) flagged.push({ path: item.path, rules });
  }
  return { flagged, warnings };
}

async function readFileNoFollow(path: string): Promise<Uint8Array | null> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      return (await file.stat()).isFile() ? await file.readFile() : null;
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}
