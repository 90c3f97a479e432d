/** Controls, format characters (bidi, zero-width), separators, surrogates, private and unassigned characters. */
const invisible = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\uFFFD]/u;

/** Why a name itself is dangerous or deceives. */
export function nameReasons(path: string): string[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const reasons: string[] = [];
  if (invisible.test(name))
    reasons.push('has characters in its name that cannot be seen, or act on a terminal');
  if (name.startsWith('-')) reasons.push('has a name that programs take for an option');
  if (/^\s|[\s.]$/u.test(name))
    reasons.push('has a name that begins with a space, or ends with one or a dot');
  if (/[`$;|&<>*?"'\\]/.test(name)) reasons.push('has a name with characters that a shell acts on');
  if (path.length > 4096) reasons.push('has a path that is longer than programs can open');
  return reasons;
}

/** What a file system that does not tell cases or Unicode forms apart would take for one name. */
export const foldedPath = (path: string): string => path.normalize('NFC').toLowerCase().normalize('NFC');
