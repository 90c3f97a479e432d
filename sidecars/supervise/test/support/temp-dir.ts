import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A fresh private folder that goes when the test ends. */
export async function tempDir(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bb-mcp-'));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  return folder;
}
