import { addRoute, composeBottle, ManifestErrors, parseBottle, type Reach } from '@bot-bottle/manifest';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Document, visit } from 'yaml';

const hosts = ['a.example.com', 'b.example.com', 'C.example.com', '*.d.example.com', 'x.d.example.com'];
const methods = fc.subarray(['GET', 'POST', 'DELETE']);
const paths = fc.subarray(['/a', '/b/c', '/d-e']);
const ports = fc.subarray([443, 8443, 9443], { minLength: 1 });
const route = fc
  .record(
    { host: fc.constantFrom(...hosts), ports, path_allowlist: paths, methods },
    { requiredKeys: ['host'] },
  )
  .map((each) => each as Record<string, unknown>);
const bottle = fc.record(
  {
    env: fc.dictionary(
      fc.stringMatching(/^X[A-Z]{1,4}$/),
      fc.constantFrom('a', '# b', 'x: y', '日本\u202e'),
      { maxKeys: 2 },
    ),
    egress: fc.record(
      {
        log: fc.constantFrom(0, 1, 2),
        routes: fc.uniqueArray(route, {
          maxLength: 4,
          selector: (each) => String(each['host']).toLowerCase(),
        }),
        budget: fc.constant({ request_bytes: '1MiB' }),
      },
      { requiredKeys: [] },
    ),
    supervise: fc.boolean(),
  },
  { requiredKeys: [] },
);
const reach: fc.Arbitrary<Reach> = fc.record({
  host: fc.constantFrom(...hosts.map((host) => host.toLowerCase())),
  ports,
  pathAllowlist: paths,
  methods,
  withCredential: fc.constant(false),
});

interface Notation {
  readonly indent: number;
  readonly indentSeq: boolean;
  readonly eol: string;
  readonly isFlow: readonly boolean[];
  readonly comments: readonly boolean[];
}
const notation: fc.Arbitrary<Notation> = fc.record({
  indent: fc.integer({ min: 1, max: 6 }),
  indentSeq: fc.boolean(),
  eol: fc.constantFrom('\n', '\r\n'),
  isFlow: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
  comments: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
});

function render(value: unknown, { indent, indentSeq, eol, isFlow, comments }: Notation): string {
  const document = new Document(value);
  let count = 0;
  visit(document, {
    Collection: (_key, node) => {
      count += 1;
      node.flow = node.items.length === 0 || isFlow[count % isFlow.length] === true;
      if (comments[count % comments.length] === true) node.comment = ` after ${count}`;
    },
    Pair: (_key, pair) => {
      count += 1;
      const node: unknown = pair.key;
      if (typeof node === 'object' && node !== null && comments[count % comments.length] === true)
        Reflect.set(node, 'commentBefore', ` before ${count}`);
    },
  });
  return document.toString({ indent, indentSeq }).replaceAll('\n', eol);
}

const composed = (text: string) => composeBottle('dev', new Map([['dev', parseBottle(text, 'dev.md')]]));

describe('addRoute', () => {
  it('gives the old bottle and exactly the reach, whatever the notation; the body and every other line stay', () => {
    let edited = 0;
    fc.assert(
      fc.property(bottle, reach, notation, fc.string(), (value, asked, style, body) => {
        const text = `---${style.eol}${render(value, style)}---${style.eol}${body}`;
        const before = composed(text);
        let after: string;
        try {
          after = addRoute({ file: 'dev.md', text }, asked).text;
        } catch (error) {
          if (!ManifestErrors.isInstance(error)) throw error;
          expect(error.message).toMatch(/wildcard covers/);
          return;
        }
        edited += 1;
        expect(after.endsWith(body)).toBe(true);
        const index = before.egress.routes.findIndex(({ host }) => host === asked.host);
        const found = composed(after);
        expect({ ...found, egress: null }).toEqual({ ...before, egress: null });
        expect({ ...found.egress, routes: null }).toEqual({ ...before.egress, routes: null });
        const at = index < 0 ? before.egress.routes.length : index;
        const others = (routes: readonly unknown[]) => routes.filter((_, each) => each !== at);
        expect(others(found.egress.routes)).toEqual(others(before.egress.routes));
        const [old, now] = [before.egress.routes[index], found.egress.routes[at]];
        for (const key of ['ports', 'pathAllowlist', 'methods'] as const) {
          const had: readonly unknown[] | undefined = old?.[key];
          const isAll = had?.length === 0 || asked[key].length === 0;
          expect(new Set<unknown>(now?.[key])).toEqual(new Set(isAll ? [] : [...(had ?? []), ...asked[key]]));
        }
        const lines = after.split(style.eol);
        for (const comment of text.matchAll(/# (?:before|after) \d+/g))
          if (!isWithinList(text, comment.index)) expect(lines.join('\n')).toContain(comment[0]);
      }),
      { numRuns: 400 },
    );
    expect(edited).toBeGreaterThan(200);
  });
});

const soup = fc
  .array(
    fc.constantFrom(
      ...'\n  :-[]{}&*!|>?#"\',\t\r'.split(''),
      '\n    ',
      '\n  - ',
      ' # c',
      '&a ',
      '*a',
      '? ',
      '...\n',
      '---\n',
      'host: c.example.com',
      'methods: [GET]',
      'ports:',
    ),
    { maxLength: 3 },
  )
  .map((tokens) => tokens.join(''));
const base =
  'env:\n  A: "x"\negress:\n  log: 2\n  routes:\n    - host: a.example.com # one\n      methods: [GET]\n    - host: b.example.com\n      ports:\n        - 443\n';

describe('a file in any notation, or none', () => {
  it('is refused, or says what it said and the reach', () => {
    let edited = 0;
    fc.assert(
      fc.property(fc.nat(base.length), soup, reach, (at, tokens, asked) => {
        const text = `---\n${base.slice(0, at)}${tokens}${base.slice(at)}---\nbody`;
        let after: string;
        try {
          after = addRoute({ file: 'dev.md', text }, asked).text;
        } catch (error) {
          if (!ManifestErrors.isInstance(error)) throw error;
          return;
        }
        edited += 1;
        const [before, found] = [composed(text), composed(after)];
        expect({ ...found, egress: null }).toEqual({ ...before, egress: null });
        const others = (routes: typeof before.egress.routes) =>
          routes.filter(({ host }) => host !== asked.host);
        expect(others(found.egress.routes)).toEqual(others(before.egress.routes));
        const now = found.egress.routes.find(({ host }) => host === asked.host);
        expect(asked.ports.every((port) => now?.ports.includes(port))).toBe(true);
        expect(now?.auth).toBeNull();
      }),
      { numRuns: 1500 },
    );
    expect(edited).toBeGreaterThan(300);
  });
});

/** Comments inside of a list that is emptied go with its items. */
function isWithinList(text: string, at: number): boolean {
  const before = text.slice(0, at).split(/\r?\n/);
  return before.slice(-6).some((line) => /methods|path_allowlist/.test(line));
}
