import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { encodingsOf } from '@bot-bottle/dlp';

/** A random value that occurs nowhere by chance. */
export function plantedSecret(prefix: string): string {
  return `${prefix}-${randomBytes(24).toString('hex')}`;
}

/** Every file below `dirs` that holds `secret` in any encoding that DLP searches. */
export function filesHolding(secret: string, dirs: readonly string[]): string[] {
  const needles = encodingsOf(secret).map((form) => Buffer.from(form));
  if (needles.length < 5) throw new Error('too few encodings: the search would prove little');
  return dirs.flatMap(filesBelow).filter((file) => {
    const bytes = readFileSync(file);
    return needles.some((needle) => bytes.includes(needle));
  });
}

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => statSync(file).size < 64 * 1024 * 1024);
}
