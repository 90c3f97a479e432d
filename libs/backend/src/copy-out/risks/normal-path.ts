/**
 * A path as the file systems that fold most would find it: HFS+ ignores some format characters, Windows trailing dots and
 * spaces and what follows a colon, and `git~1` is the short name of `.git` there. Only for comparing with rules.
 */
export function normalPath(path: string): string {
  return path
    .normalize('NFKC')
    .replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toLowerCase()
    .split('/')
    .map((name) => normalName(name))
    .join('/');
}

function normalName(name: string): string {
  const colon = name.indexOf(':');
  const cut = (colon > 0 ? name.slice(0, colon) : name).replace(/[. ]+$/, '');
  return cut === 'git~1' ? '.git' : cut === '' ? name : cut;
}
