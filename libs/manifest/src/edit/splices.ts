import type { Pair, YAMLMap, YAMLSeq } from 'yaml';
import { renderYaml } from '../text/render-yaml.ts';
import { columnOf, endOf, lastOf, lineAfter, nodeOf, pairOf, startOf } from './yaml-places.ts';

/** A change of a text: what stands from `start` to `end` becomes `text`. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Applies changes that do not overlap. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  return splices
    .toSorted((a, b) => b.start - a.start)
    .reduce((result, { start, end, text: put }) => result.slice(0, start) + put + result.slice(end), text);
}

const inserted = (at: number, text: string): Splice => ({ start: at, end: at, text });
const indented = (yaml: string, column: number): string => yaml.replaceAll(/^(?=.)/gm, ' '.repeat(column));
const itemLines = (item: unknown): string =>
  typeof item === 'object' ? renderYaml([item]) : `- ${inline(item)}\n`;
const inline = (value: unknown): string => renderYaml(value, true).trimEnd();

/** Adds items to the end of a list, in the way in which it is written. */
export function addItems(text: string, list: YAMLSeq, items: readonly unknown[]): Splice {
  if (list.flow === true) return inFlow(list, items.map(inline).join(', '));
  const column = columnOf(text, startOf(list));
  return inserted(lineAfter(text, endOf(list), column), indented(items.map(itemLines).join(''), column));
}

/** Adds a key to the end of a map, in the way in which it is written. */
export function addKey(text: string, map: YAMLMap, key: string, value: unknown): Splice {
  if (map.flow === true) return inFlow(map, `${key}: ${inline(value)}`);
  const column = columnOf(text, startOf(map));
  const last = map.items.at(-1);
  const end = last === undefined ? startOf(map) : endOf(lastOf(last) ?? map);
  return inserted(lineAfter(text, end, column), indented(renderYaml({ [key]: value }), column));
}

/** Adds a key directly below another one, so that comments at the end of the map stay where they are. */
export function addKeyBelow(
  text: string,
  map: YAMLMap,
  [above, key]: readonly [string, string],
  value: unknown,
): Splice {
  const pair = map.flow === true ? null : pairOf(map, above);
  if (pair === null) return addKey(text, map, key, value);
  const column = columnOf(text, startOf(map));
  // No comment below belongs to a single value.
  const at = lineAfter(text, endOf(lastOf(pair) ?? map), Number.POSITIVE_INFINITY);
  return inserted(at, indented(renderYaml({ [key]: value }), column));
}

/** Empties the list of a key. A list in lines of its own goes behind its key, unless a comment stands between. */
export function emptied(text: string, { key, value }: Pair): Splice | null {
  const [name, list] = [nodeOf(key), nodeOf(value)];
  if (name === null || list === null) return null;
  const [start, end] = [startOf(list), endOf(list)];
  const between = text.slice(endOf(name), start);
  if (/^:[ \t]*\r?\n[ \t]*$/.test(between)) return { start: endOf(name), end, text: ': []' };
  // A value must be indented deeper than its key, which the dashes of a list need not be.
  return { start, end, text: columnOf(text, start) <= columnOf(text, startOf(name)) ? '  []' : '[]' };
}

/** After the last item rather than before the bracket: there may be a comma already, or a comment. */
function inFlow(collection: YAMLMap | YAMLSeq, text: string): Splice {
  const last = collection.items.at(-1);
  const node = last === undefined ? null : lastOf(last);
  return node === null ? inserted(startOf(collection) + 1, text) : inserted(endOf(node), `, ${text}`);
}
