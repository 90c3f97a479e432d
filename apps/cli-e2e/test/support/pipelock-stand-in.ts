import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const built = path.resolve(import.meta.dirname, '../../../../sidecars/pipelock/dist/testing/main.js');

/**
 * Puts the stand-in for pipelock, which says of itself what it lacks, into a folder; it runs where a sandbox shows Node.
 *
 * @returns its path
 */
export function installStandIn(folder: string): string {
  const file = path.join(folder, 'pipelock');
  writeFileSync(file, `#!/opt/bot-bottle/node\n${readFileSync(built, 'utf8')}`);
  chmodSync(file, 0o755);
  return file;
}
