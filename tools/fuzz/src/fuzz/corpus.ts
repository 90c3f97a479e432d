import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const folder = path.resolve(import.meta.dirname, '../../corpus');

/** The seeds of a target: `corpus/<target>/*`, in the order of their names. */
export function corpusOf(target: string): Buffer[] {
  const dir = path.join(folder, target);
  const seeds = readdirSync(dir)
    .toSorted()
    .map((name) => readFileSync(path.join(dir, name)));
  if (seeds.length === 0) throw new Error(`corpus/${target} has no seeds`);
  return seeds;
}
