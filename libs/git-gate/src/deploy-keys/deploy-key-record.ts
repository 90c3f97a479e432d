import { randomBytes } from 'node:crypto';
import { z } from 'zod';

/** What is needed to find a key at its forge again, and no secret. */
export const deployKeyRecordSchema = z.strictObject({
  forge: z.enum(['gitea', 'github', 'gitlab']),
  apiUrl: z.string().max(2048).nullable().describe("null: the forge's public service, or `host`"),
  host: z.string().regex(/^[A-Za-z0-9._:%[\]-]{1,255}$/),
  repoPath: z.string().regex(/^[A-Za-z0-9._~+@=,:/-]{1,1024}$/),
  tokenRef: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,254}$/)
    .describe('name of the host variable that holds the forge token'),
  title: z.string().regex(/^bot-bottle\/[a-z0-9-]{1,64}\/[0-9a-f]{32}$/),
  fingerprint: z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/),
  id: z.int().positive().nullable().describe('null: not known whether the forge has the key'),
  createdAt: z.iso.datetime(),
});
export type DeployKeyRecord = z.infer<typeof deployKeyRecordSchema>;

/** A title that no other key has: `bot-bottle/<identity>/<128 random bits>`. */
export function deployKeyTitle(identity: string): string {
  return `bot-bottle/${identity}/${randomBytes(16).toString('hex')}`;
}
