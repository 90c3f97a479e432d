import { Document, isScalar, visit } from 'yaml';
import { checkConfig } from './check-config.ts';
import { pipelockConfigSchema, type PipelockConfig } from './config-schema.ts';

/**
 * The configuration as YAML. The same configuration gives the same bytes, whatever the order of its keys.
 *
 * @throws PipelockError `invalid_config`
 */
export function renderConfig(config: PipelockConfig): string {
  // zod gives the keys in the order of the schema
  const ordered = inOrder(checkConfig(config));
  const document = new Document(ordered, { schema: 'core', version: '1.2', aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (key, node) => {
      // a host such as `1e3.example` or `no` is text to every reader when it is quoted
      if (key !== 'key' && typeof node.value === 'string') node.type = 'QUOTE_DOUBLE';
    },
    Collection: (_key, node) => {
      node.flow = node.items.length === 0;
    },
    Pair: (_key, { value }) => (isScalar(value) && value.value === undefined ? visit.REMOVE : undefined),
  });
  return document.toString({ lineWidth: 0 });
}

function inOrder(config: PipelockConfig): PipelockConfig {
  const keys = Object.keys(pipelockConfigSchema.shape);
  const entries = Object.entries(config).filter(([, value]) => value !== undefined);
  return checkConfig(Object.fromEntries(entries.toSorted(([a], [b]) => keys.indexOf(a) - keys.indexOf(b))));
}
