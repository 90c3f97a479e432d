import { z } from 'zod';
import { sha256 } from './audit-line.ts';
import { layers } from './events.ts';

const sha = z.string().regex(/^[0-9a-f]{64}$/);

/** One line of heads.jsonl: how far one chain had come. Chained over all bottles; `head` covers the line before it. */
export const headLineSchema = z.strictObject({
  n: z.int().positive().describe('counts up by one over all bottles'),
  time: z.iso.datetime(),
  bottle: z.string().max(128),
  layer: z.enum(layers),
  seq: z.int().positive().describe('seq of the newest line of that chain'),
  hash: sha.describe('hash of that line'),
  final: z.boolean().describe('whether that line is a final record'),
  prev: sha,
  head: sha.describe('SHA-256 over the line without this member'),
});
export type HeadLine = z.infer<typeof headLineSchema>;

/** What a chain reports of itself. */
export type HeadReport = Pick<HeadLine, 'time' | 'bottle' | 'layer' | 'seq' | 'hash' | 'final'>;

/** Members in the order of the schema, no white space; all values are ASCII. */
export function renderHead(fields: Omit<HeadLine, 'head'>): { text: string; head: string } {
  const { n, time, bottle, layer, seq, hash, final, prev } = fields;
  const body = JSON.stringify({ n, time, bottle, layer, seq, hash, final, prev });
  const head = sha256(body);
  return { text: `${body.slice(0, -1)},"head":"${head}"}`, head };
}

export function parseHead(text: string): HeadLine | null {
  try {
    const parsed = headLineSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

export function isGenuineHead(text: string, line: HeadLine): boolean {
  return renderHead(line).text === text;
}
