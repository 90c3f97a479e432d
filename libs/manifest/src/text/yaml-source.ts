import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml';
import type { ManifestErrorCode } from '../errors.ts';
import type { Problem } from '../problem.ts';
import type { Position } from '../source.ts';
import { type Place, Positions } from './positions.ts';
import { yamlMessage } from './yaml-messages.ts';

export interface YamlSource {
  /** plain data: objects, arrays and scalars; null when the text is empty */
  readonly value: unknown;
  readonly problems: ReadonlyArray<{
    readonly code: ManifestErrorCode;
    readonly message: string;
    readonly position: Position;
  }>;
  locate(path: Problem['path'], at: Problem['at']): Position;
}

/** Most nodes a manifest may hold after aliases are followed: stops alias bombs. */
const MAX_NODES = 50_000;
/** Deepest nesting; real manifests need fewer than ten. */
const MAX_DEPTH = 64;

/**
 * Parses YAML 1.2 (core schema) into plain data with positions. Refused: duplicate keys, keys that are not text,
 * custom tags, several documents, aliases that expand without bound or refer to themselves.
 */
export function parseYaml(text: string, firstLine: number): YamlSource {
  const lines = new LineCounter();
  const toPosition = (offset: number): Position => {
    const { line, col } = lines.linePos(Math.min(Math.max(offset, 0), text.length));
    return { line: Math.max(line, 1) - 1 + firstLine, column: Math.max(col, 1) };
  };
  const problems: Array<YamlSource['problems'][number]> = [];
  const report = (code: ManifestErrorCode, message: string, offset: number): void => {
    problems.push({ code, message, position: toPosition(offset) });
  };
  const documents = parseAllDocuments(text, {
    schema: 'core',
    version: '1.2',
    strict: true,
    stringKeys: true,
    merge: false,
    resolveKnownTags: false,
    prettyErrors: false,
    logLevel: 'silent',
    lineCounter: lines,
    // The parser compares every key with every other one; the walk below uses a set.
    uniqueKeys: false,
  });
  const [first, second] = documents;
  const positions = new Positions(first?.contents?.range?.[0] ?? 0);
  if (first === undefined) return { value: null, problems, locate: () => toPosition(0) };
  for (const error of first.errors.slice(0, 20)) {
    const code = error.code === 'RESOURCE_EXHAUSTION' ? 'yaml_too_complex' : 'yaml_syntax';
    report(code, yamlMessage(error.code), error.pos[0]);
  }
  for (const warning of first.warnings.slice(0, 20)) {
    if (warning.code === 'TAG_RESOLVE_FAILED')
      report('yaml_tag', 'YAML tags are not accepted', warning.pos[0]);
    else report('yaml_syntax', yamlMessage(warning.code), warning.pos[0]);
  }
  if (second !== undefined) report('yaml_syntax', yamlMessage('MULTIPLE_DOCS'), second.range[0]);
  const locate: YamlSource['locate'] = (path, at) => toPosition(positions.offset(path, at));
  if (problems.length > 0) return { value: null, problems, locate };

  let nodes = 0;
  const stop = (code: ManifestErrorCode, message: string, offset: number): null => {
    if (problems.length < 20) report(code, message, offset);
    return null;
  };
  const walk = (node: Node | null, place: Place, depth: number, open: ReadonlySet<Node>): unknown => {
    nodes += 1;
    if (nodes > MAX_NODES || depth > MAX_DEPTH) {
      const why =
        depth > MAX_DEPTH ? 'is nested too deeply' : 'holds too many values, or aliases that expand too far';
      return nodes > MAX_NODES + 1 ? null : stop('yaml_too_complex', `the YAML ${why}`, place.value);
    }
    if (node === null) return null;
    if (isScalar(node)) return node.value;
    if (open.has(node))
      return stop('yaml_alias', 'this alias refers to something that contains it', place.value);
    if (isAlias(node)) {
      const target = node.resolve(first);
      if (target === undefined) return stop('yaml_alias', 'this alias has no anchor before it', place.value);
      return walk(target, place, depth + 1, open);
    }
    const inside = new Set(open).add(node);
    if (isSeq(node)) {
      const list: unknown[] = [];
      for (const [index, item] of node.items.entries()) {
        if (nodes > MAX_NODES) break;
        const child = asNode(item);
        list.push(
          walk(child, Positions.add(place, index, null, child?.range?.[0] ?? place.value), depth + 1, inside),
        );
      }
      return list;
    }
    if (!isMap(node)) return stop('yaml_syntax', yamlMessage('UNEXPECTED_TOKEN'), place.value);
    const map: Record<string, unknown> = {};
    for (const pair of node.items) {
      if (nodes > MAX_NODES) break;
      const keyNode = asNode(pair.key);
      const keyOffset = keyNode?.range?.[0] ?? place.value;
      const name: unknown = isScalar(keyNode) ? keyNode.value : undefined;
      if (typeof name !== 'string' || name === '__proto__') {
        stop(
          'yaml_syntax',
          typeof name === 'string' ? 'this key is not accepted' : yamlMessage('NON_STRING_KEY'),
          keyOffset,
        );
        continue;
      }
      if (place.children.has(name)) {
        stop('yaml_duplicate_key', 'this key stands twice in the same map', keyOffset);
        continue;
      }
      const child = asNode(pair.value);
      const range = child?.range;
      // A value left empty has no text of its own to point at.
      const valueOffset =
        range === undefined || range === null || range[0] === range[1] ? keyOffset : range[0];
      map[name] = walk(child, Positions.add(place, name, keyOffset, valueOffset), depth + 1, inside);
    }
    return map;
  };
  const value = walk(first.contents, positions.root, 0, new Set());
  return { value, problems, locate };
}

function asNode(value: unknown): Node | null {
  return isScalar(value) || isAlias(value) || isMap(value) || isSeq(value) ? value : null;
}
