import { z } from 'zod';

/** The object schema that describes what stands at a path, null when there is none. */
export function objectSchemaAt(schema: unknown, path: readonly PropertyKey[]): z.ZodObject | null {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return objectSchemaAt(schema.unwrap(), path);
  }
  if (schema instanceof z.ZodUnion) {
    for (const option of schema.options) {
      const found = objectSchemaAt(option, path);
      if (found !== null) return found;
    }
    return null;
  }
  const [step, ...rest] = path;
  if (step === undefined) return schema instanceof z.ZodObject ? schema : null;
  if (schema instanceof z.ZodObject) {
    const shape: Readonly<Record<string, unknown>> = schema.shape;
    return typeof step === 'string' && Object.hasOwn(shape, step) ? objectSchemaAt(shape[step], rest) : null;
  }
  if (schema instanceof z.ZodArray) return objectSchemaAt(schema.element, rest);
  return schema instanceof z.ZodRecord ? objectSchemaAt(schema.valueType, rest) : null;
}

/** Keys that may stand in the map at a path. */
export function keysAt(schema: unknown, path: readonly PropertyKey[]): string[] {
  const found = objectSchemaAt(schema, path);
  return found === null ? [] : Object.keys(found.shape);
}
