import { readText } from '../risks/read-text.ts';
import type { TreeItem } from './tree-item.ts';
import type { WorkspaceChange } from './workspace-diff.ts';

/** UTF-16 units of one side that are compared line by line, and of all changes together. */
const oneText = 256 * 1024;
const allTexts = 16 * 1024 * 1024;

/** Both sides of changed files as text, until there is enough of it. */
export class ChangeTexts {
  #left = allTexts;

  async of(before: TreeItem | null, after: TreeItem | null): Promise<WorkspaceChange['text']> {
    const texts = { before: await textOf(before), after: await textOf(after) };
    if (texts.before === null || texts.after === null) return null;
    this.#left -= texts.before.length + texts.after.length;
    return this.#left < 0 ? null : { before: texts.before, after: texts.after };
  }
}

async function textOf(item: TreeItem | null): Promise<string | null> {
  if (item === null) return '';
  if (item.type === 'link') return `link to ${item.linkTarget ?? ''}`;
  if (item.type !== 'file' || item.file === null) return null;
  const text = await readText(item.file, oneText);
  return text === null || text.includes('\0') || text.includes('\uFFFD') ? null : text;
}
