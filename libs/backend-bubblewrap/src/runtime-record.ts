import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { processEntry } from './bwrap/process-table.ts';

const processSchema = z.strictObject({
  pid: z.int().positive().describe('number of the process on this host'),
  startTime: z.string().describe('clock ticks after boot'),
});

const recordSchema = z.strictObject({
  identity: z.string(),
  stateDir: z.string(),
  owner: processSchema.describe('the process that holds the bottle'),
  sandboxes: z.array(processSchema).describe('first process of each sandbox'),
});

/** What a running bottle writes down, so that a later process can tell what is left of it. */
export type RuntimeRecord = z.infer<typeof recordSchema>;
export type ProcessMark = z.infer<typeof processSchema>;

const fileName = 'record.json';

export async function writeRecord(folder: string, record: RuntimeRecord): Promise<void> {
  const draft = join(folder, `${fileName}.new`);
  await writeFile(draft, JSON.stringify(record), { mode: 0o600 });
  await rename(draft, join(folder, fileName));
}

/** Null when there is none or it is damaged. */
export async function readRecord(folder: string): Promise<RuntimeRecord | null> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(join(folder, fileName), 'utf8')));
  } catch {
    return null;
  }
}

export function isAlive(mark: ProcessMark): boolean {
  return processEntry(mark.pid)?.startTime === mark.startTime;
}

export function ownMark(): ProcessMark {
  return { pid: process.pid, startTime: processEntry(process.pid)?.startTime ?? '0' };
}
