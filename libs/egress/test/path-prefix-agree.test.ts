import { buildRoutes, EgressError, grantRows, manifestRouteRequest } from '@bot-bottle/egress';
import { composeBottle, ManifestErrors, parseBottle, parseGrant } from '@bot-bottle/manifest';
import fc from 'fast-check';
import { expect, it } from 'vitest';

const unless = <T>(isRefusal: (error: unknown) => boolean, call: () => T): T | null => {
  try {
    return call();
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return null;
  }
};

const byManifest = (error: unknown): boolean => ManifestErrors.isInstance(error);
const byEgress = (error: unknown): boolean => EgressError.isInstance(error);

/** The prefix as a manifest holds it; null: refused there. What passed must make a route. */
function inManifest(prefix: string): string | null {
  const text = `---\negress:\n  routes:\n    - {host: a.example, path_allowlist: [${JSON.stringify(prefix)}]}\n---\n`;
  const bottle = unless(byManifest, () =>
    composeBottle('dev', new Map([['dev', parseBottle(text, 'dev.md')]])),
  );
  if (bottle === null) return null;
  const { table } = buildRoutes([], bottle.egress.routes.map(manifestRouteRequest));
  return table.routes[0]?.path_allowlist[0] ?? null;
}

/** The same for a grant that a human writes. */
function inGrant(prefix: string): string | null {
  const text = `{host: a.example, ports: [443], methods: [], minutes: 5, path_allowlist: [${JSON.stringify(prefix)}]}`;
  const limits = { maxMinutes: 10, hasCredential: () => false };
  const grant = unless(byManifest, () => parseGrant({ text, file: 'grant' }, limits));
  return grant === null ? null : asRow(grant.pathAllowlist);
}

/** What a row takes as it is written. */
function asRow(paths: readonly string[]): string {
  const reach = { host: 'a.example', ports: [443], methods: [], inject: false, path_allowlist: paths };
  return grantRows(reach, null)[0]?.path_allowlist[0] ?? '';
}

const inCapitals = (text: string): string => text.replace(/%[0-9a-f]{2}/gi, (escape) => escape.toUpperCase());
/** What a manifest does not take though a row could have it: patterns, and what no client sends as it is. */
const notWritten = /[^\x21-\x7e]|["#<>^`{|}*]/;

const pieces = [
  ['/', '/', '/', '.', '..', '//', 'a', 'B', '~', '%', '%2', '45', 'zz', ';', '\\', '?', '#', '*', '|', ' '],
  ['%2f', '%5C', '%2e', '%41', '%7E', '%20', '%3b', '%3F', '%25', '%252f', '%25u', '%00', '%0b', '%7f'],
  [
    '%aa',
    '%ff',
    '%c0%af',
    '%c3%a9',
    '%C3%A9',
    '%c3',
    '%a9',
    '%ef%bc%8f',
    '%ef%bc%8e',
    '%EF%AC%80',
    '%e2%84%a8',
  ],
  ['é', '\u0001', '\u000b', '\u007f', '\u0085', '\u2028', '\ud800'],
].flat();
const prefix = fc
  .tuple(fc.constantFrom('/', '/', '/', ''), fc.array(fc.constantFrom(...pieces), { maxLength: 8 }))
  .map(([start, parts]) => start + parts.join(''));

it('takes in a manifest and in a grant just the prefixes that a row can have', () => {
  fc.assert(
    fc.property(prefix, (text) => {
      const row = unless(byEgress, () => asRow([inCapitals(text)]));
      const expected = notWritten.test(text) ? null : row;
      expect(inManifest(text)).toBe(expected);
      expect(inGrant(text)).toBe(expected);
    }),
    {
      numRuns: 3000,
      examples: ['/%aa', '/a%0b/', '/%c3%a9', '/100%25', '/a%252f', '/a/..;x', '/a\\b'].map((text) => [text]),
    },
  );
});
