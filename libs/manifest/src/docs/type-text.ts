import { z } from 'zod';

/** The parts of a JSON Schema node that the reference shows. */
export const schemaNode = z.looseObject({
  type: z.string().optional(),
  description: z.string().optional(),
  default: z.unknown().optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  anyOf: z.array(z.unknown()).optional(),
  items: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  additionalProperties: z.unknown().optional(),
  required: z.array(z.string()).optional(),
});
export type SchemaNode = z.infer<typeof schemaNode>;

const scalarNames: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  number: 'number',
  boolean: 'bool',
  null: 'null',
};

const code = (value: unknown): string => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;

/** The type of a node in words, e.g. `list of text` or `` `never`, `always` ``. */
export function typeText(value: unknown): string {
  const node = schemaNode.parse(value ?? {});
  if (node.enum !== undefined) return node.enum.map(code).join(', ');
  if (node.const !== undefined) return code(node.const);
  if (node.anyOf !== undefined) return node.anyOf.map(typeText).join(' or ');
  if (node.type === 'array') {
    const item = schemaNode.parse(node.items ?? {});
    const words = typeText(item);
    return item.type === 'object' ? 'list of maps' : words === 'anything' ? 'list' : `list of ${words}`;
  }
  if (node.type === 'object') return mapText(node);
  return node.type === undefined ? 'anything' : (scalarNames[node.type] ?? node.type);
}

/** A default as YAML flow, '' when there is none worth showing. */
export function defaultText(node: SchemaNode): string {
  if (node.default === undefined || JSON.stringify(node.default) === '{}') return '';
  return code(node.default);
}

function mapText(node: SchemaNode): string {
  const entry = schemaNode.safeParse(node.additionalProperties);
  const words = node.properties === undefined && entry.success ? typeText(entry.data) : 'map';
  return words === 'map' || words === 'anything' ? 'map' : `map of ${words}`;
}
