import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { workspaceRoot } from './workspace.ts';

const exact = z.string().regex(/^v?\d+\.\d+\.\d+$/, { error: 'is not one exact version' });
const program = z.strictObject({
  package: z.string().min(1).describe('name on npm'),
  version: exact.describe('version on npm; integrity is in the lock file of the image'),
});

const versionsSchema = z.strictObject({
  baseImage: z.string().min(1).describe('what images are built on where a registry can be reached'),
  node: exact.describe('version of the npm package node-linux-*, for the base without a registry'),
  debian: z.string().min(1).describe('suite of that base'),
  gitleaks: z.strictObject({
    module: z.string().min(1).describe('Go module'),
    version: exact,
    sum: z.string().startsWith('h1:').describe("hash of the module's content, as in go.sum"),
  }),
  claude: program,
  codex: program,
  gemini: program.describe('in no image: the plugin in docs/examples is tested with it'),
  basePackages: z.array(z.string()).describe('what images need of Debian'),
  agentTools: z.array(z.string()).describe('what agents find besides'),
});
export type Versions = z.infer<typeof versionsSchema>;

/** Everything that is pinned, from `images/versions.json`. */
export async function readVersions(): Promise<Versions> {
  const text = await readFile(join(workspaceRoot, 'images', 'versions.json'), 'utf8');
  return versionsSchema.parse(JSON.parse(text));
}
