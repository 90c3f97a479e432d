import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { showKey } from '../problem.ts';
import { isEntityName } from '../rules/names.ts';
import { errorCode } from './open-beneath.ts';
import type { ManifestWarning } from './warnings.ts';

/** Most names read from one folder: a hostile repository must not make a list without end. */
const MAX_ENTRIES = 1000;

/**
 * Names of the `.md` files in a folder, sorted. Others are skipped; a `.md` file whose stem is no name is skipped
 * with a warning. A missing folder is empty.
 * @param folder path to list
 * @param shown the same folder as it is called in warnings
 */
export async function listFolder(
  folder: string,
  shown: string,
  warnings: ManifestWarning[],
): Promise<string[]> {
  let entries: string[];
  try {
    entries = await readdir(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    warnings.push({
      code: 'unreadable_folder',
      file: shown,
      message: `${shown} cannot be read (${errorCode(error)}) and is ignored`,
    });
    return [];
  }
  const names: string[] = [];
  for (const entry of entries.filter((each) => each.endsWith('.md')).toSorted()) {
    const stem = entry.slice(0, -'.md'.length);
    if (!isEntityName(stem)) {
      const message = `${path.join(shown, showKey(entry))} is skipped: the name must match [a-z][a-z0-9-]*.md`;
      warnings.push({ code: 'skipped_file', file: path.join(shown, entry), message });
    } else if (names.length < MAX_ENTRIES) names.push(stem);
    else {
      warnings.push({
        code: 'too_many_files',
        file: shown,
        message: `${shown} holds more than ${MAX_ENTRIES} files; the rest is ignored`,
      });
      break;
    }
  }
  return names;
}
