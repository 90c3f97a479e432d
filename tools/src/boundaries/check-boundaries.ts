import { isLayerName, layers } from './layers.ts';

/** One workspace package with what its sources import. */
export interface WorkspacePackage {
  readonly name: string;
  readonly dir: string;
  readonly tags: readonly string[];
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
  readonly files: ReadonlyArray<{
    readonly path: string;
    readonly imports: readonly string[];
    /** files of other packages that are imported by a relative path, from the workspace's root */
    readonly foreign?: readonly string[];
  }>;
}

/** Every violation of the layer rules, of the declared dependencies, and every cycle. */
export function checkBoundaries(
  packages: readonly WorkspacePackage[],
  rootDependencies: readonly string[],
): string[] {
  const byName = new Map(packages.map((each) => [each.name, each]));
  return [
    ...packages.flatMap((each) => checkLayer(each, byName)),
    ...packages.flatMap((each) => checkDeclared(each, rootDependencies)),
    ...packages.flatMap(checkForeign),
    ...findCycles(packages, byName),
  ];
}

function layerOf(each: WorkspacePackage): string {
  return each.tags.find((tag) => tag.startsWith('layer:'))?.slice('layer:'.length) ?? '';
}

function ownDependencies(each: WorkspacePackage, byName: ReadonlyMap<string, WorkspacePackage>): string[] {
  const imported = each.files.flatMap((file) => file.imports);
  return [...new Set([...each.dependencies, ...imported])].filter(
    (name) => name !== each.name && byName.has(name),
  );
}

function checkLayer(each: WorkspacePackage, byName: ReadonlyMap<string, WorkspacePackage>): string[] {
  const layer = layerOf(each);
  if (!isLayerName(layer))
    return [`${each.dir}/package.json: nx.tags needs one known layer:<name>, has "${layer}"`];
  const allowed: readonly string[] = layers[layer];
  return ownDependencies(each, byName).flatMap((name) => {
    const target = byName.get(name);
    const targetLayer = target === undefined ? '' : layerOf(target);
    return allowed.includes(targetLayer)
      ? []
      : [`${each.name} (${layer}) must not depend on ${name} (${targetLayer})`];
  });
}

function checkDeclared(each: WorkspacePackage, rootDependencies: readonly string[]): string[] {
  return each.files.flatMap(({ path, imports }) => {
    const published = path.startsWith('src/');
    const declared = new Set([
      ...each.dependencies,
      each.name,
      ...(published ? [] : [...each.devDependencies, ...rootDependencies]),
    ]);
    return imports
      .filter((name) => !declared.has(name))
      .map((name) => `${each.dir}/${path}: imports ${name}, which ${each.dir}/package.json does not declare`);
  });
}

/** A relative path goes past every other rule; only what tests share may be taken that way, by tests. */
function checkForeign(each: WorkspacePackage): string[] {
  const isPublished = (path: string): boolean => path.startsWith('src/') && layerOf(each) !== 'test';
  return each.files.flatMap(({ path, foreign = [] }) =>
    foreign
      .filter((target) => isPublished(path) || !target.includes('/test/support/'))
      .map((target) => `${each.dir}/${path}: imports ${target} of another package by a relative path`),
  );
}

function findCycles(
  packages: readonly WorkspacePackage[],
  byName: ReadonlyMap<string, WorkspacePackage>,
): string[] {
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (each: WorkspacePackage, trail: readonly string[]): void => {
    const at = trail.indexOf(each.name);
    if (at >= 0) {
      cycles.push(`cycle: ${[...trail.slice(at), each.name].join(' → ')}`);
      return;
    }
    if (done.has(each.name)) return;
    for (const name of ownDependencies(each, byName)) {
      const next = byName.get(name);
      if (next !== undefined) visit(next, [...trail, each.name]);
    }
    done.add(each.name);
  };
  for (const each of packages) visit(each, []);
  return cycles;
}
