import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const version = '0.0.83';
const INSTALL_LIMIT_MS = 120_000;

export type SrtPeer = { readonly cli: string } | { readonly missing: string };

/** Anthropic's sandbox runtime, installed into a folder of its own when it is not there. */
export async function srtPeer(cache: string): Promise<SrtPeer> {
  const needed = ['bwrap', 'socat', 'rg'].filter((name) => !onPath(name));
  if (needed.length > 0) return { missing: `srt needs ${needed.join(' and ')}` };
  const cli = join(cache, 'node_modules/@anthropic-ai/sandbox-runtime/dist/cli.js');
  if (existsSync(cli)) return { cli };
  mkdirSync(cache, { recursive: true });
  writeFileSync(join(cache, 'package.json'), '{"private":true}\n');
  const install = [
    'install',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    `@anthropic-ai/sandbox-runtime@${version}`,
  ];
  try {
    await promisify(execFile)('npm', install, { cwd: cache, timeout: INSTALL_LIMIT_MS });
    return { cli };
  } catch {
    return { missing: 'srt could not be installed' };
  }
}

function onPath(name: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
