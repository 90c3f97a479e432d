import type { z } from 'zod';
import { type ManifestErrorCode, manifestErrorCodes } from '../errors.ts';
import { nearest } from '../nearest.ts';
import { type KeyPath, type Problem, showKey } from '../problem.ts';
import { keysAt } from './keys-at.ts';
import type { LegacyKey } from './legacy-keys.ts';
import { expectedName, typeName } from './type-names.ts';

type Issue = z.core.$ZodIssue;

export interface IssueContext {
  readonly schema: z.ZodType;
  /** what was validated, to name the types that stand there */
  readonly value: unknown;
  readonly legacy: (path: KeyPath) => LegacyKey | null;
}

/** Turns zod's issues into problems in words for the author of a manifest. */
export function problemsFromIssues(issues: readonly Issue[], context: IssueContext): Problem[] {
  return issues.flatMap((issue) => fromIssue(issue, [], context));
}

function fromIssue(issue: Issue, base: KeyPath, context: IssueContext): Problem[] {
  const path = [...base, ...keyPath(issue.path)];
  const problem = (
    code: ManifestErrorCode,
    message: string,
    hint: string | null = null,
    at: Problem['at'] = 'value',
  ): Problem[] => [{ code, message, hint, path, at }];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.flatMap((key) => unknownKey([...path, key], context));
    case 'invalid_type':
      return invalidType(issue.expected, issue.message, path, context);
    case 'invalid_value': {
      const allowed = issue.values.map(String);
      const value = valueAt(context.value, path);
      if (value === undefined) return missingKey(path);
      const near = typeof value === 'string' ? nearest(value, allowed) : null;
      const words = allowed.map((each) => `\`${each}\``).join(', ');
      return problem(
        'invalid_value',
        `must be one of ${words}`,
        near === null ? null : `did you mean \`${near}\`?`,
      );
    }
    case 'invalid_union':
      return fromUnion(issue, path, context);
    case 'invalid_key': {
      const [first] = issue.issues;
      const custom = issue.issues.find((each) => each.code === 'custom');
      const chosen = custom ?? first;
      const [inner] = chosen === undefined ? [] : fromIssue(chosen, path, context);
      return problem(
        inner?.code === 'invalid_value' ? 'invalid_name' : (inner?.code ?? 'invalid_name'),
        inner?.message ?? 'this key is not valid',
        inner?.hint ?? null,
        'key',
      );
    }
    case 'custom': {
      const { code, hint, at } = issue.params ?? {};
      return problem(
        isCode(code) ? code : 'invalid_value',
        issue.message,
        typeof hint === 'string' ? hint : null,
        at === 'key' ? 'key' : 'value',
      );
    }
    case 'too_big':
      return problem('invalid_value', limitMessage(issue.message, 'at most', issue.maximum, issue.origin));
    case 'too_small':
      return problem('invalid_value', limitMessage(issue.message, 'at least', issue.minimum, issue.origin));
    case 'invalid_format':
    case 'not_multiple_of':
    case 'invalid_element':
      return problem('invalid_value', issue.message);
  }
}

function invalidType(expected: string, message: string, path: KeyPath, context: IssueContext): Problem[] {
  const value = valueAt(context.value, path);
  if (value === undefined) return missingKey(path);
  if (typeof value === 'number' && (expected === 'int' || expected === 'number')) {
    return [
      { code: 'invalid_value', message: `must be ${expectedName(expected)}`, hint: null, path, at: 'value' },
    ];
  }
  const text = `expected ${expectedName(expected)}, found ${typeName(value)}`;
  const hint = message.startsWith('Invalid input') ? typeHint(expected, value) : message;
  return [{ code: 'invalid_type', message: text, hint, path, at: 'value' }];
}

function typeHint(expected: string, value: unknown): string | null {
  if (expected === 'string' && (typeof value === 'number' || typeof value === 'boolean'))
    return 'put the value in quotes';
  if (expected === 'boolean' && typeof value === 'string')
    return 'YAML 1.2 knows only `true` and `false`, without quotes';
  return null;
}

function missingKey(path: KeyPath): Problem[] {
  const key = path.at(-1);
  const message =
    typeof key === 'string' ? `the required key \`${showKey(key)}\` is missing` : 'a value is missing';
  return [{ code: 'missing_key', message, hint: null, path, at: 'value' }];
}

function unknownKey(path: KeyPath, context: IssueContext): Problem[] {
  const legacy = legacyKeys(path, context);
  if (legacy.length > 0) return legacy;
  const key = String(path.at(-1));
  const allowed = keysAt(context.schema, path.slice(0, -1));
  const near = nearest(key, allowed);
  return [
    {
      code: 'unknown_key',
      message: `unknown key \`${showKey(key)}\`; allowed: ${allowed.join(', ')}`,
      hint: near === null ? null : `did you mean \`${near}\`?`,
      path,
      at: 'key',
    },
  ];
}

/** A removed key, named by its parts where those have a replacement of their own. */
function legacyKeys(path: KeyPath, context: IssueContext): Problem[] {
  const value = valueAt(context.value, path);
  const parts =
    typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  const inner = parts.flatMap((part): Problem[] => {
    const found = context.legacy([...path, part]);
    return found === null ? [] : [{ ...found, path: [...path, part], at: 'key' }];
  });
  if (inner.length > 0) return inner;
  const found = context.legacy(path);
  return found === null ? [] : [{ ...found, path, at: 'key' }];
}

/** Of a union, the problems of the branch whose own type fits; else the union's message. */
function fromUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  path: KeyPath,
  context: IssueContext,
): Problem[] {
  const value = valueAt(context.value, path);
  if (value === undefined) return missingKey(path);
  const fitting = issue.errors.find(
    (branch) => branch.length > 0 && branch.every((each) => each.path.length > 0),
  );
  if (fitting !== undefined) return fitting.flatMap((each) => fromIssue(each, path, context));
  const typed = issue.errors.filter((branch) => branch.every((each) => isOfType(each, value)));
  const code = typed.length > 0 ? 'invalid_value' : 'invalid_type';
  return [{ code, message: issue.message, hint: null, path, at: 'value' }];
}

/** Whether an issue is about the value and not about its type. */
function isOfType(issue: Issue, value: unknown): boolean {
  if (issue.code === 'invalid_value') return issue.values.some((each) => typeof each === typeof value);
  return issue.code !== 'invalid_type';
}

function limitMessage(message: string, words: string, limit: number | bigint, origin: string): string {
  if (!message.startsWith('Too ')) return message;
  const unit = origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : '';
  return `must ${unit === '' ? 'be' : 'have'} ${words} ${limit}${unit}`;
}

function keyPath(path: readonly PropertyKey[]): KeyPath {
  return path.map((step) => (typeof step === 'symbol' ? String(step) : step));
}

function valueAt(value: unknown, path: KeyPath): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined;
    current = Reflect.get(current, step);
  }
  return current;
}

function isCode(value: unknown): value is ManifestErrorCode {
  return manifestErrorCodes.some((code) => code === value);
}
