const expectedNames: Readonly<Record<string, string>> = {
  string: 'text',
  array: 'a list',
  object: 'a map',
  record: 'a map',
  boolean: '`true` or `false`',
  number: 'a number',
  int: 'a whole number',
};

/** A type of the schema in the words of someone who writes YAML. */
export function expectedName(type: string): string {
  return expectedNames[type] ?? type;
}

/** The type of a value in the same words. Never the value. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return 'text';
    case 'boolean':
      return '`true` or `false`';
    case 'number':
    case 'bigint':
      return 'a number';
    case 'object':
      return 'a map';
    case 'undefined':
    case 'symbol':
    case 'function':
    default:
      return 'something that is not data';
  }
}
