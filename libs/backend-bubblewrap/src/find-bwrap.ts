import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** The bwrap executable on the operator's PATH, null when there is none. */
export function findBwrap(path: string | undefined): string | null {
  for (const folder of [...(path ?? '').split(':'), '/usr/bin', '/usr/local/bin']) {
    if (!folder.startsWith('/')) continue;
    const candidate = join(folder, 'bwrap');
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // not there
    }
  }
  return null;
}
