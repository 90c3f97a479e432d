import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { cacheFolder } from '../../../src/workspace.ts';

const rowsSchema = z.array(z.object({ name: z.string(), reference: z.string(), bytes: z.number() }));
export type BuiltImage = z.infer<typeof rowsSchema>[number];

/** What the last `npm run images -- build` made, the base first. [] when there was none. */
export function builtImages(): BuiltImage[] {
  const file = join(cacheFolder, 'sizes.json');
  return existsSync(file) ? rowsSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : [];
}

/** Reference of an image by its name. */
export function built(name: string): string {
  const found = builtImages().find((each) => each.name === name);
  if (found === undefined) throw new Error(`${name} was not built: npm run images -- build`);
  return found.reference;
}
