import { isAlias, isCollection, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml';

/** The pair with that key in a map; aliases are not followed. */
export function pairOf(map: YAMLMap, key: string): Pair | null {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key) ?? null;
}

export function nodeOf(value: unknown): Node | null {
  return isScalar(value) || isAlias(value) || isMap(value) || isSeq(value) ? value : null;
}

export function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

/** Where the last visible thing of a node ends; comments and blanks after it do not count. */
export function endOf(node: Node): number {
  const last = isCollection(node) && node.flow !== true ? node.items.at(-1) : undefined;
  const inner = last === undefined ? null : lastOf(last);
  return inner === null ? (node.range?.[1] ?? 0) : endOf(inner);
}

/** The node that ends an item of a collection: of a pair without a value, the key. */
export function lastOf(item: unknown): Node | null {
  const direct = nodeOf(item);
  if (direct !== null) return direct;
  if (typeof item !== 'object' || item === null) return null;
  const [key, value] = [nodeOf(Reflect.get(item, 'key')), nodeOf(Reflect.get(item, 'value'))];
  const isWritten = value?.range !== undefined && value.range !== null && value.range[0] < value.range[1];
  return isWritten ? value : key;
}

/** Blanks before a place on its line. */
export function columnOf(text: string, at: number): number {
  return at - (text.lastIndexOf('\n', at - 1) + 1);
}

/**
 * Where a line can be put after what ends at `end`: behind the rest of its line, and behind the comments below that are
 * indented deeper than `column`, which belong to it.
 */
export function lineAfter(text: string, end: number, column: number): number {
  let at = end;
  if (text[end - 1] !== '\n') {
    const next = text.indexOf('\n', end);
    at = next < 0 ? text.length : next + 1;
  }
  for (;;) {
    const comment = /^([ \t]*)#[^\n]*\n/.exec(text.slice(at, at + 4096));
    if (comment === null || (comment[1] ?? '').length <= column) return at;
    at += comment[0].length;
  }
}
