import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { WorkspacePackage } from './check-boundaries.ts';
import { importsOf, packageOf } from './imports.ts';

interface PackageJson {
  name: string;
  workspaces?: string[];
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  nx?: { tags?: string[] };
}

function readPackageJson(dir: string): PackageJson {
  return JSON.parse(readFileSync(path.join(dir, 'package.json'), 'utf8')) as PackageJson;
}

/** Reads every workspace package below `root` with the imports of its TypeScript files. */
export function readWorkspace(root: string): { packages: WorkspacePackage[]; rootDependencies: string[] } {
  const rootPackage = readPackageJson(root);
  const dirs = (rootPackage.workspaces ?? [])
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .filter((dir) => existsSync(path.join(root, dir, 'package.json')));
  if (dirs.length === 0)
    throw new Error(`no workspace packages below ${root}: the check would prove nothing`);
  return {
    packages: dirs.map((dir) => readPackage(root, dir, dirs)),
    rootDependencies: Object.keys({ ...rootPackage.devDependencies, ...rootPackage.optionalDependencies }),
  };
}

function readPackage(root: string, dir: string, dirs: readonly string[]): WorkspacePackage {
  const json = readPackageJson(path.join(root, dir));
  const nested = dirs
    .filter((other) => other.startsWith(`${dir}/`))
    .map((other) => other.slice(dir.length + 1));
  const files = globSync('**/*.ts', {
    cwd: path.join(root, dir),
    exclude: (name) => ['node_modules', 'dist', ...nested].includes(name),
  });
  return {
    name: json.name,
    dir,
    tags: json.nx?.tags ?? [],
    dependencies: Object.keys(json.dependencies ?? {}),
    devDependencies: Object.keys(json.devDependencies ?? {}),
    files: files.map((file) => {
      const imported = importsOf(readFileSync(path.join(root, dir, file), 'utf8'));
      return {
        path: file,
        imports: [...new Set(imported.flatMap((name) => packageOf(name) ?? []))],
        foreign: imported
          .filter((name) => name.startsWith('.'))
          .map((name) => path.join(dir, path.dirname(file), name))
          .filter(
            (target) => dirs.some((other) => target.startsWith(`${other}/`)) && !isOwn(target, dir, nested),
          ),
      };
    }),
  };
}

const isOwn = (target: string, dir: string, nested: readonly string[]): boolean =>
  target.startsWith(`${dir}/`) && !nested.some((other) => target.startsWith(`${dir}/${other}/`));
