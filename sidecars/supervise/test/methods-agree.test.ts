import { buildRoutes, grantRows, manifestRouteRequest } from '@bot-bottle/egress';
import { allowableMethods, composeBottle, parseBottle, parseGrant } from '@bot-bottle/manifest';
import { egressBlockSchema, grantSchema } from '@bot-bottle/supervise';
import { expect, it } from 'vitest';
import { egressArgumentsSchema, egressRequest } from '../src/tools/egress-arguments.ts';

/** What a text becomes on one way to a route; null: it is refused there. */
type Way = (method: string) => readonly string[] | null;

const unlessRefused =
  (way: (method: string) => readonly string[]): Way =>
  (method) => {
    try {
      return way(method);
    } catch {
      return null;
    }
  };

const grant = {
  host: 'a.example',
  ports: [443],
  path_allowlist: [],
  minutes: 5,
  inject: false,
};

/** Ways that people and models write, where case is free. */
const written: Readonly<Record<string, Way>> = {
  'a manifest': unlessRefused((method) => {
    const text = `---\negress:\n  routes:\n    - {host: a.example, methods: [${JSON.stringify(method)}]}\n---\n`;
    const bottle = composeBottle('dev', new Map([['dev', parseBottle(text, 'dev.md')]]));
    const { table } = buildRoutes([], bottle.egress.routes.map(manifestRouteRequest));
    return table.routes.flatMap(({ methods }) => methods);
  }),
  'a grant in an editor': unlessRefused((method) => {
    const text = `{host: a.example, ports: [443], path_allowlist: [], methods: [${JSON.stringify(method)}], minutes: 5}`;
    const limits = { maxMinutes: 10, hasCredential: () => false };
    const { methods } = parseGrant({ text, file: 'grant' }, limits);
    return grantRows({ ...grant, methods }, null).flatMap((row) => row.methods);
  }),
  'the tool egress-block': unlessRefused((method) => {
    const given = { host: 'a.example', methods: [method], justification: 'to search' };
    return egressRequest(egressArgumentsSchema.parse(given)).methods;
  }),
};

/** Ways between our programs, which take the normal form alone. */
const passed: Readonly<Record<string, Way>> = {
  'a row of a grant': unlessRefused((method) =>
    grantRows({ ...grant, methods: [method] }, null).flatMap(({ methods }) => methods),
  ),
  'a proposal': unlessRefused((method) => {
    const { inject: _inject, ...reach } = grant;
    const kind = 'egress-block';
    return egressBlockSchema.parse({ ...reach, kind, methods: [method], justification: 'to search' }).methods;
  }),
  'a decision': unlessRefused((method) => grantSchema.parse({ ...grant, methods: [method] }).methods),
};

const none = ['CONNECT', 'TRACE', 'TRACK', 'trace', 'GETX', 'GET ', '', '-', 'LıNK', 'POſT'];

it.each([...allowableMethods])('every way takes %s', (method) => {
  for (const [name, way] of Object.entries({ ...written, ...passed })) {
    expect(way(method), name).toEqual([method]);
  }
});

it.each(none)('no way takes %j', (method) => {
  for (const [name, way] of Object.entries({ ...written, ...passed })) {
    expect(way(method), name).toBeNull();
  }
});

it.each(['get', 'm-Search'])('what is written may be %s, what is passed on may not', (method) => {
  for (const [name, way] of Object.entries(written)) {
    expect(way(method), name).toEqual([method.toUpperCase()]);
  }
  for (const [name, way] of Object.entries(passed)) expect(way(method), name).toBeNull();
});
