import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { z } from 'zod';

const packageSchema = z.looseObject({
  dependencies: z.record(z.string(), z.unknown()).optional(),
  optionalDependencies: z.record(z.string(), z.unknown()).optional(),
});

const MAX_PACKAGES = 2000;

/**
 * What must be shown so that an executable works: the folder of its npm package and those of the packages it declares
 * (package managers put them beside it), a tree under /opt, else the file alone.
 *
 * @param executable absolute, without links
 */
export function installFolders(executable: string): readonly string[] {
  const packageDir = npmPackage(executable);
  if (packageDir !== null) return withDependencies(packageDir);
  const [, top, first] = executable.split(sep);
  return top === 'opt' && first !== undefined && join('/opt', first) !== executable
    ? [join('/opt', first)]
    : [executable];
}

function npmPackage(path: string): string | null {
  const parts = path.split(sep);
  const at = parts.lastIndexOf('node_modules');
  const scoped = parts[at + 1]?.startsWith('@') === true;
  const length = at + (scoped ? 3 : 2);
  return at === -1 || parts.length <= length ? null : parts.slice(0, length).join(sep);
}

function withDependencies(first: string): readonly string[] {
  const found = new Set([first]);
  for (const folder of found) {
    if (found.size > MAX_PACKAGES) break;
    for (const name of dependencyNames(folder)) {
      const dependency = resolvePackage(name, folder);
      // a dependency inside a package that is shown comes with it
      if (dependency !== null && ![...found].some((other) => dependency.startsWith(other + sep)))
        found.add(dependency);
    }
  }
  return [...found];
}

function dependencyNames(folder: string): string[] {
  try {
    const { dependencies, optionalDependencies } = packageSchema.parse(
      JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')),
    );
    return Object.keys({ ...dependencies, ...optionalDependencies });
  } catch {
    return [];
  }
}

function resolvePackage(name: string, from: string): string | null {
  // a name is two path segments at most; anything else would point elsewhere
  if (!/^(?:@[\w.~-]+\/)?[\w~-][\w.~-]*$/.test(name)) return null;
  for (let folder = from; folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (!existsSync(join(candidate, 'package.json'))) continue;
    const real = realpathSync(candidate);
    return npmPackage(join(real, 'x')) === real ? real : null;
  }
  return null;
}
