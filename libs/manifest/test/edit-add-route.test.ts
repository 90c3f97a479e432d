import { addRoute, composeBottle, parseBottle, reachYaml, type Reach } from '@bot-bottle/manifest';
import { describe, expect, it } from 'vitest';
import { catchErrors } from './support/catch-errors.ts';

const reach = (changes: Partial<Reach> = {}): Reach => ({
  host: 'new.example.com',
  ports: [443],
  pathAllowlist: [],
  methods: [],
  withCredential: false,
  ...changes,
});
const add = (text: string, changes: Partial<Reach> = {}) =>
  addRoute({ file: 'dev.md', text }, reach(changes));
const file = (yaml: string, body = 'Body: stays.\n'): string => `---\n${yaml}---\n${body}`;
const routesOf = (text: string) =>
  composeBottle('dev', new Map([['dev', parseBottle(text, 'dev.md')]])).egress.routes;
/** What was put between the lines of the old text, which must all be there, in order. */
function putInto(before: string, after: string): string {
  const left = before.split('\n');
  const put = after.split('\n').filter((line) => {
    if (line !== left[0]) return true;
    left.shift();
    return false;
  });
  expect(left).toEqual([]);
  return put.join('\n');
}

describe('a new host', () => {
  it.each([
    ['no front matter', file(''), 'egress:\n  routes:\n    - host: new.example.com'],
    ['only a comment', file('# nothing yet\n'), 'egress:\n  routes:\n    - host: new.example.com'],
    ['no egress', file('supervise: true # yes\n'), 'egress:\n  routes:\n    - host: new.example.com'],
    [
      'egress without routes',
      file('egress:\n    log: 2\nsupervise: true\n'),
      '    routes:\n      - host: new.example.com',
    ],
    [
      'a list',
      file('egress:\n  routes:\n    - host: a.example # first\n    # - host: b.example\nenv: {}\n'),
      '    - host: new.example.com',
    ],
    [
      'a list that is not indented',
      file('egress:\n  routes:\n  - host: a.example\n    methods: [GET]\n'),
      '  - host: new.example.com',
    ],
    [
      'a list with dashes of their own',
      file('egress:\n  routes:\n    -\n      host: "a.example"\n'),
      '    - host: new.example.com',
    ],
    [
      'a literal block at the end',
      file('agent_provider:\n  template: own\n  settings:\n    A: |+\n      x\n\n\n'),
      'egress:\n  routes:\n    - host: new.example.com',
    ],
    [
      'a body with fences',
      file('supervise: true\n', '---\negress:\n---\n'),
      'egress:\n  routes:\n    - host: new.example.com',
    ],
    [
      'unicode',
      file('# größer \u{1f600}\nenv: { A: "日本" }\n', '日本\n'),
      'egress:\n  routes:\n    - host: new.example.com',
    ],
  ])('is put in lines of its own: %s', (_what, text, put) => {
    const { text: after, change } = add(text);
    expect(change).toBe('added');
    expect(putInto(text, after)).toBe(put);
    expect(routesOf(after).at(-1)).toMatchObject({
      host: 'new.example.com',
      ports: [443],
      methods: [],
      auth: null,
    });
  });

  it.each([
    ['egress: {}\n', 'egress: {routes: [ { host: new.example.com } ]}\n'],
    ['egress: { log: 2, } # x\n', 'egress: { log: 2, routes: [ { host: new.example.com } ], } # x\n'],
    ['egress: { routes: [] }\n', 'egress: { routes: [{ host: new.example.com }] }\n'],
    [
      'egress:\n  routes: [{ host: a.example }, # one\n    { host: b.example, }, ]\n',
      'egress:\n  routes: [{ host: a.example }, # one\n    { host: b.example, }, { host: new.example.com }, ]\n',
    ],
    ['{ supervise: true }\n', '{ supervise: true, egress: { routes: [ { host: new.example.com } ] } }\n'],
  ])('is put into brackets where there are brackets: %j', (yaml, expected) => {
    expect(add(file(yaml)).text).toBe(file(expected));
  });

  it('is put below the comments that belong to the last entry, above those that do not', () => {
    const text = file(
      'egress:\n  routes:\n    - host: a.example\n      # methods: [GET]\n    # more:\n  # end\n',
    );
    expect(add(text).text).toBe(
      file(
        'egress:\n  routes:\n    - host: a.example\n      # methods: [GET]\n    - host: new.example.com\n    # more:\n  # end\n',
      ),
    );
  });

  it('keeps the line breaks of Windows and a byte order mark', () => {
    const text = '\uFEFF---\r\negress:\r\n  routes:\r\n    - host: a.example\r\n---\r\nBody\r\n';
    const { text: after } = add(text, { methods: ['GET', 'POST'], pathAllowlist: ['/v1'] });
    expect(after).toBe(
      '\uFEFF---\r\negress:\r\n  routes:\r\n    - host: a.example\r\n    - host: new.example.com\r\n      path_allowlist: [/v1]\r\n      methods: [GET, POST]\r\n---\r\nBody\r\n',
    );
  });
});

describe('a host that has an entry', () => {
  it.each([
    ['methods: [GET] # read', { methods: ['POST'] }, 'methods: [GET, POST] # read'],
    ['methods: [ get, ]', { methods: ['GET', 'POST'] }, 'methods: [ get, POST, ]'],
    [
      'methods:\n        - GET # read\n        - PUT',
      { methods: ['POST'] },
      'methods:\n        - GET # read\n        - PUT\n        - POST',
    ],
    ['methods:\n      - GET', { methods: ['POST'] }, 'methods:\n      - GET\n      - POST'],
    ['methods: [GET]', {}, 'methods: []'],
    ['methods:\n        - GET\n        - PUT', {}, 'methods: []'],
    ['path_allowlist: ["/a"]', { pathAllowlist: ['/b'] }, 'path_allowlist: ["/a", /b]'],
    ['ports: [8443]', { ports: [443] }, 'ports: [8443, 443]'],
  ] as const)('is widened in place: %j', (before, changes, after) => {
    const yaml = (lines: string): string =>
      file(`egress:\n  routes:\n    - host: NEW.example.com\n      ${lines}\n    - host: z.example\n`);
    const found = add(yaml(before), changes);
    expect(found.text).toBe(yaml(after));
    expect(found).toMatchObject({ change: 'widened', broader: false });
  });

  it('gets ports below its host', () => {
    const text = file(
      'egress:\n  routes:\n    - host: new.example.com # main\n      # note\n      log: 1\n'.replace(
        '      log: 1\n',
        '',
      ),
    );
    expect(putInto(text, add(text, { ports: [8443] }).text)).toBe('      ports: [443, 8443]');
    const flow = file('egress: { routes: [ { host: new.example.com } ] }\n');
    expect(add(flow, { ports: [8443] }).text).toContain('{ host: new.example.com, ports: [ 443, 8443 ] }');
  });

  it('is left as it is when it allows that already', () => {
    const text = file('egress: { routes: [ { host: new.example.com, ports: [443, 80] } ] }\n');
    expect(add(text, { methods: ['POST'], ports: [80] })).toEqual({
      text,
      change: 'present',
      broader: false,
    });
  });

  it.each([
    ['methods: [GET], path_allowlist: [/a]', { methods: ['POST'], pathAllowlist: ['/b'] }, true],
    ['methods: [GET], path_allowlist: [/a]', { methods: ['POST'], pathAllowlist: ['/a'] }, false],
    ['methods: [GET], path_allowlist: [/a]', { methods: ['GET', 'POST'], pathAllowlist: ['/b'] }, true],
    ['methods: [GET], path_allowlist: [/a]', { methods: ['GET', 'POST'], pathAllowlist: [] }, false],
    ['methods: [GET]', { methods: ['POST'], ports: [8443] }, true],
    ['methods: [GET]', { methods: [], ports: [443, 8443] }, false],
  ] as const)('tells when its lists together allow more than both: %s and %j', (entry, changes, broader) => {
    const text = file(`egress: { routes: [ { host: new.example.com, ${entry} } ] }\n`);
    expect(add(text, changes).broader).toBe(broader);
  });
});

describe('what would have another effect is refused', () => {
  const auth = 'auth: { scheme: Bearer, token_ref: T }';
  it.each([
    ['an inherited egress', 'extends: [base, mid]\n', {}, /comes from base, mid by `extends`/],
    [
      'an entry with a credential',
      `egress: { routes: [ { host: new.example.com, methods: [GET], ${auth} } ] }\n`,
      { methods: ['POST'] },
      /has a credential/,
    ],
    [
      'no credential to go along',
      'egress: { routes: [ { host: new.example.com, methods: [GET] } ] }\n',
      { withCredential: true },
      /no credential/,
    ],
    [
      'a new host with a credential',
      'supervise: true\n',
      { withCredential: true },
      /no entry of this host has a credential/,
    ],
    [
      'a wildcard that covers it',
      'egress: { routes: [ { host: "*.example.com", methods: [GET] } ] }\n',
      {},
      /wildcard covers/,
    ],
    [
      'a shorter wildcard above a wildcard',
      'egress: { routes: [ { host: "*.example.com" } ] }\n',
      { host: '*.new.example.com' },
      /wildcard covers/,
    ],
    [
      'plaintext beside a credential',
      `egress: { routes: [ { host: new.example.com, ${auth} } ] }\n`,
      { ports: [80], withCredential: true },
      /plaintext/,
    ],
    [
      'a list that is anchored',
      'egress:\n  routes:\n    - { host: new.example.com, methods: &m [GET] }\n    - { host: b.example, methods: *m }\n',
      { methods: ['POST'] },
      /cannot be edited/,
    ],
    [
      'a list that is an alias',
      'egress:\n  routes:\n    - { host: b.example, methods: &m [GET] }\n    - { host: new.example.com, methods: *m }\n',
      { methods: ['POST'] },
      /cannot be edited/,
    ],
    ['a file that is not valid', 'egress: { rutes: [] }\n', {}, /unknown key/],
    ['a host that is none', 'supervise: true\n', { host: 'a b\n- x' }, /host/],
    ['a path that is none', 'supervise: true\n', { pathAllowlist: ['/a\nmethods: []'] }, /path/],
  ] as const)('%s', async (_what, yaml, changes, message) => {
    const errors = await catchErrors(() => add(file(yaml), changes));
    expect(errors.message).toMatch(message);
  });

  it('but a child that declares egress itself is edited', () => {
    expect(add(file('extends: base\negress: { log: 2 }\n')).change).toBe('added');
  });

  it('and a credential goes along when that is asked for', () => {
    const text = file(`egress: { routes: [ { host: new.example.com, methods: [GET], ${auth} } ] }\n`);
    const { text: after } = add(text, { methods: ['POST'], withCredential: true });
    expect(routesOf(after)[0]).toMatchObject({ methods: ['GET', 'POST'], auth: { tokenRef: 'T' } });
  });
});

it('has lines to paste', () => {
  expect(reachYaml(reach({ methods: ['GET'], ports: [443, 8443] }))).toBe(
    'egress:\n  routes:\n    - host: new.example.com\n      ports: [443, 8443]\n      methods: [GET]\n',
  );
});
