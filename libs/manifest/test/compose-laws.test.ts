import { type BottleManifest, manifestFromObject } from '@bot-bottle/manifest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const repo = (name: string) => ({ url: `ssh://git@git.example.com/${name}.git`, identity: `/keys/${name}` });
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const env = fc.dictionary(fc.constantFrom('A', 'B', 'C'), fc.constantFrom('one', 'two', '?', '${H}'), {
  maxKeys: 3,
});
const user = fc.record({ name: fc.constantFrom('N1', 'N2'), email: fc.constantFrom('', 'e@example.com') });
const repos = fc
  .uniqueArray(fc.constantFrom('x', 'y', 'z'))
  .chain((names) =>
    fc
      .constantFrom('p', 'q')
      .map((prefix) => Object.fromEntries(names.map((name) => [name, repo(prefix + name)]))),
  );
const bottle = fc
  .record({
    env: optional(env),
    'git-gate': optional(fc.record({ user: optional(user), repos: optional(repos) })),
    egress: optional(
      fc.constantFrom('a', 'b', 'c').map((name) => ({ routes: [{ host: `${name}.example.com` }] })),
    ),
    supervise: optional(fc.boolean()),
    resources: optional(fc.record({ pids: fc.integer({ min: 1, max: 99 }) })),
    repository_agents: optional(fc.boolean()),
  })
  .map((value): Record<string, unknown> => JSON.parse(JSON.stringify(value)));

/** The effective bottle without its name, which tells which file it came from. */
function compose(bottles: Record<string, unknown>, name: string): Omit<BottleManifest, 'name'> {
  const { name: _name, ...rest } = manifestFromObject({ bottles, agents: {} }).bottle(name);
  return rest;
}

describe('extends', () => {
  it('of a parent with nothing of its own is the parent', () => {
    fc.assert(
      fc.property(bottle, (parent) => {
        expect(compose({ parent, child: { extends: 'parent' } }, 'child')).toEqual(
          compose({ parent }, 'parent'),
        );
      }),
    );
  });

  it('of itself as a copy changes nothing', () => {
    fc.assert(
      fc.property(bottle, (parent) => {
        expect(compose({ parent, child: { ...parent, extends: 'parent' } }, 'child')).toEqual(
          compose({ parent }, 'parent'),
        );
      }),
    );
  });

  it('counts a parent once, however often it is named', () => {
    fc.assert(
      fc.property(bottle, bottle, (parent, child) => {
        const once = compose({ parent, child: { ...child, extends: 'parent' } }, 'child');
        expect(compose({ parent, child: { ...child, extends: ['parent', 'parent'] } }, 'child')).toEqual(
          once,
        );
      }),
    );
  });

  it('counts the top of a diamond once, at its first place', () => {
    fc.assert(
      fc.property(bottle, bottle, bottle, bottle, (top, left, right, child) => {
        const diamond = compose(
          {
            top,
            left: { ...left, extends: 'top' },
            right: { ...right, extends: 'top' },
            child: { ...child, extends: ['left', 'right'] },
          },
          'child',
        );
        const line = compose(
          {
            top,
            left: { ...left, extends: 'top' },
            right: { ...right, extends: 'left' },
            child: { ...child, extends: 'right' },
          },
          'child',
        );
        expect(diamond).toEqual(line);
      }),
    );
  });

  it('lets the child win', () => {
    fc.assert(
      fc.property(bottle, bottle, (parent, child) => {
        const both = compose({ parent, child: { ...child, extends: 'parent' } }, 'child');
        const alone = compose({ child }, 'child');
        expect(both.env).toMatchObject(alone.env);
        expect(both.gitGate.repos).toMatchObject(alone.gitGate.repos);
        for (const [key, section] of [
          ['egress', 'egress'],
          ['supervise', 'supervise'],
          ['resources', 'resources'],
          ['repository_agents', 'repositoryAgents'],
        ] as const) {
          if (child[key] !== undefined) expect(both[section]).toEqual(alone[section]);
        }
      }),
    );
  });

  it('keeps what the parent declares and the child does not', () => {
    fc.assert(
      fc.property(bottle, bottle, (parent, child) => {
        const both = compose({ parent, child: { ...child, extends: 'parent' } }, 'child');
        const above = compose({ parent }, 'parent');
        if (child['egress'] === undefined) expect(both.egress).toEqual(above.egress);
        if (child['supervise'] === undefined) expect(both.supervise).toBe(above.supervise);
        expect(Object.keys(both.env)).toEqual(expect.arrayContaining(Object.keys(above.env)));
      }),
    );
  });

  it('refuses a chain without end instead of overflowing', () => {
    const chain = Object.fromEntries(
      Array.from({ length: 5000 }, (_, index) => [`b${index}`, { extends: `b${index + 1}` }]),
    );
    const manifest = manifestFromObject({ bottles: { ...chain, b5000: {} }, agents: {} });
    expect(() => manifest.bottle('b0')).toThrow(/longer than 64/);
  });

  it('handles wide and layered graphs in linear time', () => {
    // 20 layers of 20 bottles, each extending the whole layer below: 20^20 paths.
    const layers = Array.from({ length: 20 }, (_, layer) =>
      Array.from({ length: 20 }, (__, at) => `l${layer}x${at}`),
    );
    const bottles = Object.fromEntries(
      layers.flatMap((names, layer) =>
        names.map((name) => [name, layer === 0 ? {} : { extends: layers[layer - 1] }]),
      ),
    );
    expect(manifestFromObject({ bottles, agents: {} }).bottle('l19x0').supervise).toBe(true);
  });
});
