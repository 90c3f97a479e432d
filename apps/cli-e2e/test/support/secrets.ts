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
    const bytes = ifStillThere(() => readFileSync(file));
    return bytes !== null && needles.some((needle) => bytes.includes(needle));
  });
}

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(dir, entry.name);
    if (entry.isDirectory()) return ifStillThere(() => filesBelow(file)) ?? [];
    const isRead = entry.isFile() && (ifStillThere(() => statSync(file).size) ?? Infinity) < 64 * 1024 * 1024;
    return isRead ? [file] : [];
  });
}

/** In a folder of temporary files, others come and go: what is gone is not left behind. */
function ifStillThere<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
