import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap, type YAMLSeq } from 'yaml';
import type { ManifestErrorCode } from '../errors.ts';
import { type Place, Positions } from './positions.ts';
import { yamlMessage } from './yaml-messages.ts';

/** Most values a manifest may hold after aliases are followed: stops alias bombs. */
const MAX_VALUES = 50_000;
/** Deepest nesting; real manifests need fewer than ten levels. */
const MAX_DEPTH = 64;

type Report = (code: ManifestErrorCode, message: string, offset: number) => void;

interface Step {
  readonly place: Place;
  readonly depth: number;
  /** collections that contain this node, to find aliases that contain themselves */
  readonly open: ReadonlySet<Node>;
  readonly inAlias: boolean;
}

/** Turns parsed YAML into plain data, notes where each key and value stands, and reports what is refused. */
export function toData(contents: Node | null, positions: Positions, report: Report): unknown {
  const anchors = new Map<string, Node>();
  let values = 0;

  const visit = (node: Node | null, step: Step): unknown => {
    values += 1;
    if (values === MAX_VALUES + 1) {
      const message = 'the YAML holds too many values, or aliases that expand too far';
      report('yaml_too_complex', message, positions.root.value);
    }
    if (values > MAX_VALUES || node === null) return null;
    if (step.depth > MAX_DEPTH) {
      report('yaml_too_complex', yamlMessage('RESOURCE_EXHAUSTION'), step.place.value);
      return null;
    }
    if (isAlias(node)) return visitAlias(node, step);
    if (node.anchor !== undefined && !step.inAlias) anchors.set(node.anchor, node);
    if (isScalar(node)) return node.value;
    if (step.open.has(node)) {
      report('yaml_alias', 'this alias refers to something that contains it', step.place.value);
      return null;
    }
    const inside = { depth: step.depth + 1, open: new Set(step.open).add(node), inAlias: step.inAlias };
    if (isSeq(node)) return visitList(node, step.place, inside);
    return isMap(node) ? visitMap(node, step.place, inside) : null;
  };

  // The parser's own `resolve` walks the whole document for each alias.
  const visitAlias = (node: Alias, step: Step): unknown => {
    const target = anchors.get(node.source);
    if (target !== undefined) return visit(target, { ...step, depth: step.depth + 1, inAlias: true });
    report('yaml_alias', 'this alias has no anchor before it', step.place.value);
    return null;
  };

  const visitList = (node: YAMLSeq, place: Place, inside: Omit<Step, 'place'>): unknown[] => {
    const list: unknown[] = [];
    for (const [index, item] of node.items.entries()) {
      if (values > MAX_VALUES) break;
      const child = asNode(item);
      const childPlace = Positions.add(place, index, null, child?.range?.[0] ?? place.value);
      list.push(visit(child, { ...inside, place: childPlace }));
    }
    return list;
  };

  const visitMap = (node: YAMLMap, place: Place, inside: Omit<Step, 'place'>): Record<string, unknown> => {
    const map: Record<string, unknown> = {};
    for (const pair of node.items) {
      if (values > MAX_VALUES) break;
      const keyNode = asNode(pair.key);
      const keyOffset = keyNode?.range?.[0] ?? place.value;
      const name: unknown = isScalar(keyNode) ? keyNode.value : undefined;
      if (typeof name !== 'string') report('yaml_syntax', yamlMessage('NON_STRING_KEY'), keyOffset);
      else if (name === '__proto__') report('yaml_syntax', 'this key is not accepted', keyOffset);
      else if (place.children.has(name)) {
        report('yaml_duplicate_key', 'this key stands twice in the same map', keyOffset);
      } else {
        const child = asNode(pair.value);
        const range = child?.range;
        // A value left empty has no text of its own to point at.
        const isEmpty = range === undefined || range === null || range[0] === range[1];
        const childPlace = Positions.add(place, name, keyOffset, isEmpty ? keyOffset : range[0]);
        map[name] = visit(child, { ...inside, place: childPlace });
      }
    }
    return map;
  };

  return visit(contents, { place: positions.root, depth: 0, open: new Set(), inAlias: false });
}

function asNode(value: unknown): Node | null {
  return isScalar(value) || isAlias(value) || isMap(value) || isSeq(value) ? value : null;
}
