import { isDeepStrictEqual } from 'node:util';
import { type ManifestErrorCode, ManifestErrors } from '../errors.ts';
import { parseBottle } from '../parse-bottle.ts';
import type { DeclaredBottle } from '../compose/declared.ts';
import type { KeyPath } from '../problem.ts';
import { readHost } from '../rules/host.ts';
import type { BottleFrontMatter } from '../schema/bottle.ts';
import { errorAt } from '../source.ts';
import { splitFrontMatter } from '../text/front-matter.ts';
import { validateBottle } from '../validate.ts';
import { reachKeys } from './reach-yaml.ts';
import { splicedRoute } from './splice-route.ts';
import { gainsOf, isBroader, isNothing, type Reach, widenedRoute } from './widened-route.ts';

export interface AddedRoute {
  /** of the whole file */
  readonly text: string;
  /** `present`: the file allows it already, and the text is as it was */
  readonly change: 'added' | 'widened' | 'present';
  /** whether the entry now allows more than what it allowed and what was added: its lists hold for each other */
  readonly broader: boolean;
}

/**
 * Writes reach into the text of a bottle file. Everything else stays as it is, byte for byte: comments, order, quoting,
 * line breaks, the body. A host with an entry is widened.
 *
 * @throws {ManifestErrors} when the file is not valid or would not be, and `conflict` when the reach cannot be written
 *   without another effect: `egress` is inherited, the entry has a credential that the reach must not have, a wildcard
 *   entry covers the host, or YAML anchors tie the entry to others
 */
export function addRoute(source: { readonly file: string; readonly text: string }, reach: Reach): AddedRoute {
  const { file, text } = source;
  const bottle = parseBottle(text, file);
  const routes = bottle.declared.egress?.routes ?? [];
  const index = routes.findIndex(({ host }) => hostOf(host) === reach.host);
  const entry = routes[index];
  refuse(bottle, reach, index);
  const gains = entry === undefined ? null : gainsOf(entry, reach);
  if (gains !== null && Object.values(gains).every(isNothing))
    return { text, change: 'present', broader: false };
  const expected = structuredClone(bottle.declared);
  expected.egress ??= validateBottle({ egress: {} }, bottle.source).egress;
  const list = expected.egress?.routes ?? [];
  if (entry !== undefined && gains !== null) list[index] = widenedRoute(entry, gains);
  else list.push(...newRoute(bottle, reach));
  validateBottle(expected, bottle.source);
  const edited = splicedRoute(text, reach, index, gains);
  if (edited === null || !holds(edited, source, expected)) {
    throw conflict(
      bottle,
      ['egress', 'routes'],
      'this YAML cannot be edited without changing something else',
      {
        hint: 'an anchor or an unusual notation is in the way',
      },
    );
  }
  return {
    text: edited,
    change: entry === undefined ? 'added' : 'widened',
    broader: entry !== undefined && gains !== null && isBroader(entry, reach, gains),
  };
}

const hostOf = (host: string): string | null => {
  const reading = readHost(host);
  return reading.ok ? reading.host : null;
};

function newRoute(bottle: DeclaredBottle, reach: Reach): NonNullable<BottleFrontMatter['egress']>['routes'] {
  return validateBottle({ egress: { routes: [reachKeys(reach)] } }, bottle.source).egress?.routes ?? [];
}

function conflict(
  { source }: DeclaredBottle,
  path: KeyPath,
  message: string,
  { hint, code = 'conflict' }: { readonly hint: string; readonly code?: ManifestErrorCode },
): ManifestErrors {
  return new ManifestErrors([errorAt(source, { code, message, hint, path, at: 'key' })]);
}

function refuse(bottle: DeclaredBottle, reach: Reach, index: number): void {
  const { egress } = bottle.declared;
  if (egress === undefined && bottle.extends.length > 0) {
    throw conflict(bottle, ['extends'], `\`egress\` comes from ${bottle.extends.join(', ')} by \`extends\``, {
      hint: 'an `egress` in this file would take the place of all of it: add the route where `egress` is declared',
    });
  }
  const entry = egress?.routes[index];
  const path = ['egress', 'routes', index, 'auth'];
  if (entry === undefined) {
    const wildcard = (egress?.routes ?? []).findIndex(({ host }) => covers(hostOf(host) ?? '', reach.host));
    if (wildcard >= 0) {
      throw conflict(
        bottle,
        ['egress', 'routes', wildcard, 'host'],
        'this wildcard covers the host already',
        {
          hint: 'an entry of its own would take its place for that host: say in it all that the host needs',
        },
      );
    }
    if (!reach.withCredential) return;
    throw conflict(bottle, ['egress'], 'no entry of this host has a credential that could go along', {
      hint: 'leave the credential out',
    });
  }
  if (entry.auth === undefined && reach.withCredential) {
    throw conflict(bottle, path, 'the entry of this host has no credential that could go along', {
      hint: 'leave the credential out',
    });
  }
  if (entry.auth !== undefined && !reach.withCredential) {
    throw conflict(
      bottle,
      path,
      'the entry of this host has a credential, which would go along with what is added',
      {
        hint: 'that must be asked for',
      },
    );
  }
}

const covers = (pattern: string, host: string): boolean =>
  pattern.startsWith('*.') && pattern !== host && host.endsWith(pattern.slice(1));

/** Whether a text says what is expected and nothing else, and has the body of the source. */
function holds(
  text: string,
  source: { readonly file: string; readonly text: string },
  expected: BottleFrontMatter,
): boolean {
  const [was, is] = [splitFrontMatter(source.text), splitFrontMatter(text)];
  if ('code' in was || 'code' in is || was.body !== is.body) return false;
  try {
    return isDeepStrictEqual(parseBottle(text, source.file).declared, expected);
  } catch (error) {
    if (ManifestErrors.isInstance(error)) return false;
    throw error;
  }
}
