import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { buildRoutes, grantRows, manifestRouteRequest, parseTable } from '@bot-bottle/egress';
import {
  composeBottle,
  ManifestErrors,
  parseAgent,
  parseBottle,
  parseGrant,
  renderManifestError,
  renderYaml,
} from '@bot-bottle/manifest';
import { must, mustEqual } from '../fuzz/target.ts';
import type { FuzzTarget } from '../fuzz/target.ts';

const fixtures = path.resolve(import.meta.dirname, '../../../../libs/manifest/test/fixtures');

/** Every manifest that the tests of the parser know, accepted and refused. */
function fixtureTexts(): Buffer[] {
  return readdirSync(fixtures, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .toSorted()
    .map((name) => readFileSync(path.join(fixtures, name)));
}

/** null: it was refused, as it must be when it is wrong, with places and reasons */
function unlessRefused<T>(call: () => T): T | null {
  try {
    return call();
  } catch (error) {
    if (!ManifestErrors.isInstance(error)) throw error;
    must(error.errors.length > 0, 'a manifest is refused without a reason');
    for (const each of error.errors) must(renderManifestError(each).length > 0, 'an error that says nothing');
    return null;
  }
}

const limits = { maxMinutes: 60, hasCredential: () => true };

/** A grant that is accepted gives rows that egress accepts. */
function readGrant(text: string): boolean {
  const grant = unlessRefused(() => parseGrant({ text, file: 'grant' }, limits));
  if (grant === null) return false;
  const { host, ports, pathAllowlist, methods, withCredential: inject } = grant;
  const rows = grantRows({ host, ports, path_allowlist: pathAllowlist, methods, inject }, null);
  must(rows.flatMap((row) => row.ports).length === ports.length, 'a grant loses a port or gains one');
  return true;
}

/** Bottle and agent files, and grants. */
export const manifest: FuzzTarget = {
  name: 'manifest',
  about: 'accepted bottles round-trip through YAML; they and grants give routes that egress accepts',
  words: [
    '---\n',
    '\n',
    '\r\n',
    '  ',
    '\n  - ',
    ': ',
    '{',
    '}',
    '[',
    ']',
    '&a ',
    '*a',
    '<<: *a\n',
    '!!int ',
    '!!js/function ',
    '|\n',
    '>-\n',
    '? ',
    '# ',
    '"\\u0000"',
    '\\ud800',
    'null',
    'true',
    '0o17',
    '.inf',
    '__proto__: {x: 1}\n',
    'extends: dev\n',
    'env:\n  A: b\n',
    'egress:\n  routes:\n    - host: a.example\n',
    'host: "*.example.com"\n',
    'host: "*"\n',
    'auth: {scheme: Bearer, token_ref: X}\n',
    'ports: [80, 443]\n',
    'path_allowlist: [/a/../b]\n',
    'path_allowlist: [/a%20b, /%c3%a9]\n',
    'methods: [get, M-Search]\n',
    'host: 1.2.3.4\n',
    'host: xn--nxasmq6b.example\n',
    'minutes: null\n',
    'supervise: false\n',
    'git-gate:\n  repos:\n    r: {url: ssh://git@h/r.git}\n',
    '\xef\xbb\xbf',
  ],
  seeds: fixtureTexts,
  open: async () => ({
    run: (bytes) => {
      const text = bytes.toString('utf8');
      unlessRefused(() => parseAgent(text, 'me.md'));
      const isGrant = readGrant(text);
      const declared = unlessRefused(() => parseBottle(text, 'dev.md'));
      must(Reflect.get({}, 'x') === undefined, 'a prototype was polluted');
      if (declared === null) return isGrant;
      const written = `---\n${renderYaml(declared.declared)}---\n`;
      const again = parseBottle(written, 'dev.md');
      mustEqual(again.declared, declared.declared, 'a bottle that was written again');
      const composed = unlessRefused(() => composeBottle('dev', new Map([['dev', declared]])));
      const composedAgain = unlessRefused(() => composeBottle('dev', new Map([['dev', again]])));
      mustEqual(composedAgain, composed, 'a bottle that was written again and composed');
      if (composed === null) return true;
      const { table } = buildRoutes([], composed.egress.routes.map(manifestRouteRequest));
      mustEqual(parseTable(JSON.parse(JSON.stringify(table))), table, 'the table of its routes');
      return true;
    },
  }),
};
