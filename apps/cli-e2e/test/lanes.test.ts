import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { alone, filesOf, laneNames } from '../lanes.ts';

const cwd = path.resolve(import.meta.dirname, '..');
const matching = (patterns: readonly string[]): string[] =>
  patterns.flatMap((each) => globSync(each, { cwd }));

function filesIn(lane: string | undefined): string[] {
  const { include, exclude } = filesOf(lane);
  const left = new Set(matching(exclude));
  return matching(include).filter((file) => !left.has(file));
}

describe('the lanes of the end-to-end tests', () => {
  it('together have every file once', () => {
    expect(laneNames.flatMap(filesIn).toSorted()).toEqual(filesIn(undefined).toSorted());
  });

  it('have what cleans up alone', () => {
    const cleaning = filesIn(undefined)
      .filter((file) => file !== 'test/lanes.test.ts')
      .filter((file) => readFileSync(path.join(cwd, file), 'utf8').includes("'cleanup'"));
    expect(cleaning.length).toBeGreaterThan(0);
    expect(cleaning.filter((file) => !alone.includes(file))).toEqual([]);
  });

  it('are refused by another name, which would run nothing', () => {
    expect(() => filesOf('three')).toThrow('E2E_LANE');
  });
});
