import { sameContent } from './same-content.ts';
import type { TreeItem } from './tree-item.ts';
import type { WorkspaceChange } from './workspace-diff.ts';

/** In what a file, link or repository differs; [] when it does not. */
export async function compareItems(before: TreeItem, after: TreeItem): Promise<WorkspaceChange['what']> {
  if (before.type !== after.type) return ['type'];
  switch (after.type) {
    case 'git':
      return [];
    case 'link':
      return before.linkTarget === after.linkTarget ? [] : ['link'];
    case 'file': {
      const isSame =
        before.file !== null && after.file !== null && (await sameContent(before.file, after.file));
      return [
        ...(isSame ? [] : (['content'] as const)),
        ...(before.executable === after.executable ? [] : (['mode'] as const)),
      ];
    }
  }
}
