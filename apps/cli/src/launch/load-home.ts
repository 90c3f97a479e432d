import { botBottleHome, ensureHome, loadSettings, type Settings } from '@bot-bottle/backend';
import { loadManifestIndex, type ManifestIndex } from '@bot-bottle/manifest';
import type { CommandContext } from '../command-context.ts';

export interface Home {
  /** path of `~/.bot-bottle` */
  readonly path: string;
  readonly settings: Settings;
  readonly index: ManifestIndex;
}

/**
 * Checks the home folder and reads what is in it; warnings go to stderr.
 *
 * @param cwd folder whose repository may ship agents; null: none
 */
export async function loadHome({ io, printer }: CommandContext, cwd: string | null = io.cwd): Promise<Home> {
  const path = botBottleHome(io.env);
  await ensureHome(path);
  const settings = await loadSettings(path);
  const index = await loadManifestIndex({ botBottleHome: path, cwd });
  for (const warning of index.warnings) printer.warning(warning.message);
  return { path, settings, index };
}
