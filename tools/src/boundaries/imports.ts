const importPattern =
  /\b(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"\s]+)['"]|\bimport\s*['"]([^'"\s]+)['"]|\bimport\s*\(\s*['"]([^'"\s]+)['"]|\bimport\.meta\.resolve\s*\(\s*['"]([^'"\s]+)['"]/g;

/** Every module specifier that a TypeScript source names, type imports included. */
export function importsOf(source: string): string[] {
  const withoutComments = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  return [...withoutComments.matchAll(importPattern)].flatMap(
    (match) => match[1] ?? match[2] ?? match[3] ?? match[4] ?? [],
  );
}

/** The package that a specifier belongs to; null for relative and Node's own modules. */
export function packageOf(specifier: string): string | null {
  if (specifier.startsWith('.') || specifier.startsWith('node:') || specifier.startsWith('/')) return null;
  const [first = '', second = ''] = specifier.split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
}
