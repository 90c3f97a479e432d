import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkBoundaries, type WorkspacePackage } from '../src/boundaries/check-boundaries.ts';
import { readWorkspace } from '../src/boundaries/read-workspace.ts';

function pkg(name: string, layer: string, parts: Partial<WorkspacePackage> = {}): WorkspacePackage {
  return {
    name,
    dir: `libs/${name}`,
    tags: [`layer:${layer}`],
    dependencies: [],
    devDependencies: [],
    files: [],
    ...parts,
  };
}
const uses = (path: string, ...imports: string[]) => ({ files: [{ path, imports }] });

describe('boundaries', () => {
  it('accepts a declared import of a lower layer', () => {
    const packages = [
      pkg('low', 'base'),
      pkg('high', 'policy', { dependencies: ['low'], ...uses('src/a.ts', 'low') }),
    ];
    expect(checkBoundaries(packages, [])).toEqual([]);
  });

  it('refuses an import of a higher layer', () => {
    const packages = [
      pkg('low', 'base', { dependencies: ['high'], ...uses('src/a.ts', 'high') }),
      pkg('high', 'policy'),
    ];
    expect(checkBoundaries(packages, [])).toEqual(['low (base) must not depend on high (policy)']);
  });

  it('refuses one backend importing another', () => {
    const packages = [pkg('a', 'backend-impl', { dependencies: ['b'] }), pkg('b', 'backend-impl')];
    expect(checkBoundaries(packages, [])).toEqual(['a (backend-impl) must not depend on b (backend-impl)']);
  });

  it('refuses an undeclared import although it would resolve', () => {
    const packages = [pkg('low', 'base'), pkg('high', 'policy', uses('src/a.ts', 'low'))];
    expect(checkBoundaries(packages, [])).toEqual([
      'libs/high/src/a.ts: imports low, which libs/high/package.json does not declare',
    ]);
  });

  it('refuses a relative path into another package, but for what tests share', () => {
    const foreign = ['libs/b/src/x.ts', 'libs/b/test/support/y.ts'];
    const from = (path: string) => [pkg('a', 'base', { files: [{ path, imports: [], foreign }] })];
    expect(checkBoundaries(from('test/a.test.ts'), [])).toEqual([
      'libs/a/test/a.test.ts: imports libs/b/src/x.ts of another package by a relative path',
    ]);
    expect(checkBoundaries(from('src/a.ts'), [])).toHaveLength(2);
  });

  it('lets tests, but not published sources, use what the root declares', () => {
    const test = [pkg('a', 'base', uses('test/a.test.ts', 'vitest'))];
    const source = [pkg('a', 'base', uses('src/a.ts', 'vitest'))];
    expect(checkBoundaries(test, ['vitest'])).toEqual([]);
    expect(checkBoundaries(source, ['vitest'])).toHaveLength(1);
  });

  it('names a cycle', () => {
    const packages = [
      pkg('a', 'policy', { dependencies: ['b'] }),
      pkg('b', 'policy', { dependencies: ['a'] }),
    ];
    expect(checkBoundaries(packages, [])).toContain('cycle: a → b → a');
  });

  it('refuses a package without a known layer', () => {
    expect(checkBoundaries([pkg('a', 'nowhere')], [])).toHaveLength(1);
  });

  it('reads this repository and does not find nothing', () => {
    const { packages } = readWorkspace(path.resolve(import.meta.dirname, '../..'));
    expect(packages.map((each) => each.name)).toContain('@bot-bottle/egress');
    expect(packages.flatMap((each) => each.files).length).toBeGreaterThan(20);
  });
});
