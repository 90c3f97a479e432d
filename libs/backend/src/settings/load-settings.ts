import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BackendError } from '../errors.ts';
import { parseSettings, withDefaults } from './parse-settings.ts';
import type { Settings } from './settings-schema.ts';

/**
 * Settings of `<home>/settings.yml`; a missing file gives the defaults.
 *
 * @throws BackendError `settings_invalid`: nothing falls back to a default when the file is wrong
 */
export async function loadSettings(home: string): Promise<Settings> {
  const file = join(home, 'settings.yml');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return withDefaults({}, home);
    throw new BackendError('settings_invalid', `${file} cannot be read`, { cause: error });
  }
  return await parseSettings(text, file);
}
