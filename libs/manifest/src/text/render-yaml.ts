import { Document, isCollection, isMap, isPair, isScalar, visit, type YAMLSeq } from 'yaml';

/** Longest list that is written on one line, in UTF-16 units. */
const MAX_FLOW_LENGTH = 60;
const plain = /^[\x20-\x7e]*$/;

/**
 * Plain data as YAML for an editor, in ASCII only: every character that is not is written as an escape, so that nothing
 * in it can be taken for something else. Ends with a line break.
 *
 * @param flow everything on one line
 */
export function renderYaml(value: unknown, flow = false): string {
  const document = new Document(value, { schema: 'core', version: '1.2', aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_key, node) => {
      if (typeof node.value === 'string' && !plain.test(node.value)) node.type = 'QUOTE_DOUBLE';
    },
    Collection: (_key, node) => {
      node.flow = flow || (!isMap(node) && isShort(node));
    },
  });
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: flow });
  return text.replaceAll(
    /[^\n\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function isShort({ items }: YAMLSeq): boolean {
  if (items.some((item) => isCollection(item) || isPair(item))) return false;
  const lengths = items.map((item) => (isScalar(item) ? String(item.value).length + 2 : 0));
  return lengths.reduce((sum, length) => sum + length, 0) <= MAX_FLOW_LENGTH;
}
