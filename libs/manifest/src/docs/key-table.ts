import { claudeSubagentKeys } from '../schema/claude-keys.ts';
import { defaultText, schemaNode, typeText } from './type-text.ts';

interface Row {
  readonly key: string;
  readonly type: string;
  readonly fallback: string;
  readonly meaning: string;
}

const ignored: ReadonlySet<string> = new Set(claudeSubagentKeys);

function rows(schema: unknown, prefix: string): Row[] {
  const node = schemaNode.parse(schema);
  return Object.entries(node.properties ?? {}).flatMap(([name, value]) => {
    if (prefix === '' && ignored.has(name)) return [];
    const child = schemaNode.parse(value);
    const key = `${prefix}${name}`;
    const needed = node.required?.includes(name) === true;
    const row = {
      key,
      type: typeText(child),
      fallback: needed ? '**required**' : defaultText(child),
      meaning: child.description ?? '',
    };
    return [row, ...below(child, key)];
  });
}

function below(node: ReturnType<typeof schemaNode.parse>, key: string): Row[] {
  if (node.type === 'array') return rows(node.items ?? {}, `${key}[].`);
  if (node.type !== 'object') return [];
  if (node.properties !== undefined) return rows(node, `${key}.`);
  const entry = schemaNode.safeParse(node.additionalProperties);
  return entry.success ? rows(entry.data, `${key}.<name>.`) : [];
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** A Markdown table of every key of a schema, the ignored ones left out. */
export function keyTable(schema: unknown): string {
  const lines = rows(schema, '').map(
    ({ key, type, fallback, meaning }) =>
      `| ${[`\`${key}\``, type, fallback, meaning].map(cell).join(' | ')} |`,
  );
  return ['| key | type | default | meaning |', '|---|---|---|---|', ...lines].join('\n');
}
