/**
 * Path of an archive entry relative to the copied thing: '' for the thing itself, null for a name that must not be used.
 *
 * @param root name of the copied thing, with which every entry must begin
 */
export function itemPath(name: string, root: string): string | null {
  if (/[\0\\]/.test(name) || name.startsWith('/')) return null;
  const parts = name.replace(/\/+$/, '').split('/');
  if (parts[0] === '.') parts.shift();
  if (parts.shift() !== root) return null;
  return parts.some((part) => part === '' || part === '.' || part === '..' || part.length > 255)
    ? null
    : parts.join('/');
}
