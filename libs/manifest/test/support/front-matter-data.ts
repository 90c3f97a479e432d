import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

/** Front matter of every file of one kind in a fixture as data, read without the code under test. */
export function frontMatterData(folder: string, kind: 'bottles' | 'agents'): unknown[] {
  return globSync(`${kind}/*.md`, { cwd: folder }).map((file) => {
    const text = readFileSync(path.join(folder, file), 'utf8').replace(/^\uFEFF/, '');
    const yaml = text.split(/^---[ \t]*\r?$/m)[1] ?? '';
    const data: unknown = parse(yaml);
    return data ?? {};
  });
}
