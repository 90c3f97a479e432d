import { isMap, isSeq, parseDocument, type YAMLMap } from 'yaml';
import { splitFrontMatter } from '../text/front-matter.ts';
import { renderYaml } from '../text/render-yaml.ts';
import { reachKeys } from './reach-yaml.ts';
import { addItems, addKey, addKeyBelow, applySplices, emptied, type Splice } from './splices.ts';
import { isNothing, type Gains, type Reach } from './widened-route.ts';
import { pairOf } from './yaml-places.ts';

/**
 * The text of a bottle file with a reach put into its front matter; null when there is no place to put it. Whoever calls
 * this reads the result again to see that it says what it should.
 *
 * @param index entry to widen
 * @param gains what it gains, null: a new entry is added
 */
export function splicedRoute(text: string, reach: Reach, index: number, gains: Gains | null): string | null {
  const parts = splitFrontMatter(text);
  if ('code' in parts) return null;
  const { yaml, start } = parts;
  const eol = /\r?\n/.exec(text)?.[0] ?? '\n';
  const splices = gains === null ? addition(yaml, reach) : widening(yaml, index, gains);
  if (splices === null) return null;
  const withEol = splices.map((each) => ({ ...each, text: each.text.replaceAll('\n', eol) }));
  return text.slice(0, start) + applySplices(yaml, withEol) + text.slice(start + yaml.length);
}

const rootOf = (yaml: string) =>
  parseDocument(yaml, { schema: 'core', version: '1.2', uniqueKeys: false, logLevel: 'silent' }).contents;

function addition(yaml: string, reach: Reach): Splice[] | null {
  const root = rootOf(yaml);
  const route = reachKeys(reach);
  if (root === null) {
    return [{ start: yaml.length, end: yaml.length, text: renderYaml({ egress: { routes: [route] } }) }];
  }
  if (!isMap(root)) return null;
  const egress = pairOf(root, 'egress');
  if (egress === null) return [addKey(yaml, root, 'egress', { routes: [route] })];
  if (!isMap(egress.value)) return null;
  const routes = pairOf(egress.value, 'routes');
  if (routes === null) return [addKey(yaml, egress.value, 'routes', [route])];
  return isSeq(routes.value) ? [addItems(yaml, routes.value, [route])] : null;
}

function widening(yaml: string, index: number, gains: Gains): Splice[] | null {
  const root = rootOf(yaml);
  const egress = isMap(root) ? pairOf(root, 'egress')?.value : null;
  const routes = isMap(egress) ? pairOf(egress, 'routes')?.value : null;
  const entry = isSeq(routes) ? routes.items[index] : null;
  if (!isMap(entry)) return null;
  const splices: Splice[] = [];
  for (const key of ['ports', 'path_allowlist', 'methods'] as const) {
    if (isNothing(gains[key])) continue;
    const splice = growth(yaml, entry, key, gains);
    if (splice === null) return null;
    splices.push(splice);
  }
  return splices;
}

function growth(yaml: string, entry: YAMLMap, key: keyof Gains, gains: Gains): Splice | null {
  const pair = pairOf(entry, key);
  // Only ports have a default that is not everything.
  if (pair === null) return addKeyBelow(yaml, entry, ['host', 'ports'], [443, ...gains.ports]);
  const gain = gains[key];
  if (gain === null) return emptied(yaml, pair);
  return isSeq(pair.value) ? addItems(yaml, pair.value, gain) : null;
}
