import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { backends } from './attack.ts';

/** Where each run leaves its results. */
export const resultsFolder = path.resolve(import.meta.dirname, '../../../.cache/escape');

const resultSchema = z.strictObject({
  attack: z.string().describe('id of the attack'),
  backend: z.enum(backends),
  cell: z.string().describe('as the table says it'),
  why: z.string().nullable().describe('what was seen when it is not contained'),
});
const fileSchema = z.strictObject({ subject: z.string(), results: z.array(resultSchema) });

/** What one attack came to on one subject. */
export type Result = z.infer<typeof resultSchema>;

/** Writes `.cache/escape/<subject>.json`. */
export function writeResults(subject: string, results: readonly Result[]): void {
  mkdirSync(resultsFolder, { recursive: true });
  writeFileSync(
    path.join(resultsFolder, `${subject}.json`),
    `${JSON.stringify({ subject, results }, null, 2)}\n`,
  );
}

/** Results of all subjects that were run last. */
export function readResults(): Result[] {
  return readdirSync(resultsFolder)
    .filter((name) => name.endsWith('.json'))
    .flatMap(
      (name) => fileSchema.parse(JSON.parse(readFileSync(path.join(resultsFolder, name), 'utf8'))).results,
    );
}
