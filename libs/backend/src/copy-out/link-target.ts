/**
 * Whether a link at `path` (relative to the copied tree) stays inside the tree whatever the other links in it are. Only
 * leading `..` count as steps up: a `..` after a name could step up from behind another link.
 */
export function staysInside(path: string, target: string): boolean {
  if (target === '' || target.startsWith('/') || /[\0\\]/.test(target)) return false;
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  const names = parts.findIndex((part) => part !== '..');
  const up = names < 0 ? parts.length : names;
  if (parts.slice(up).includes('..')) return false;
  const depth = path.split('/').length - 1;
  return up <= depth;
}
