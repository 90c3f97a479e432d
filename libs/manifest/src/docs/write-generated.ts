import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { generatedFiles } from './generated-files.ts';

const packageFolder = path.resolve(import.meta.dirname, '../..');
for (const [file, content] of generatedFiles()) {
  const target = path.join(packageFolder, file);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, content);
}
