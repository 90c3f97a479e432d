import type { z } from 'zod';
import type { KeyPath } from '../problem.ts';
import type { Finding } from '../rules/finding.ts';

/** A finding at a path below the checked value. */
export interface PlacedFinding extends Finding {
  readonly path?: KeyPath;
  readonly at?: 'key' | 'value';
}

/** Adds a rule to a schema. It runs only when the value has the right shape, and JSON Schema knows nothing of it. */
export function checked<T extends z.ZodType>(
  schema: T,
  rule: (value: z.output<T>) => PlacedFinding | readonly PlacedFinding[] | null,
): T {
  return schema.superRefine((value, context) => {
    const found = rule(value);
    for (const each of found === null ? [] : [found].flat()) {
      context.addIssue({
        code: 'custom',
        message: each.message,
        path: [...(each.path ?? [])],
        params: { code: each.code, hint: each.hint, at: each.at ?? 'value' },
      });
    }
  });
}
