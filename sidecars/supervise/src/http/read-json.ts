/** What is read, or why it is not. `parse`: no JSON; `shape`: JSON that no honest client sends. */
export type JsonResult =
  | { readonly value: unknown }
  | { readonly problem: 'parse' | 'shape'; readonly why: string };

const MAX_DEPTH = 32;
const MAX_NODES = 50_000;
/** Messages of one batch (only protocol 2025-03-26 and older know batches). */
const MAX_BATCH = 16;

/** Reads JSON that later may be walked with recursion and copied key by key without harm. */
export function readJson(body: Buffer): JsonResult {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return { problem: 'parse', why: 'the body is not JSON' };
  }
  if (Array.isArray(value) && (value.length === 0 || value.length > MAX_BATCH))
    return { problem: 'shape', why: `a batch has 1 to ${MAX_BATCH} messages` };
  const why = oddity(value);
  return why === null ? { value } : { problem: 'shape', why };
}

/** Without recursion, so that depth does no harm here either. */
function oddity(root: unknown): string | null {
  let level: object[] = isObject(root) ? [root] : [];
  let nodes = 0;
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return 'nested too deeply';
    const next: object[] = [];
    for (const parent of level) {
      if (Object.hasOwn(parent, '__proto__')) return 'has a key __proto__';
      for (const child of Object.values(parent)) {
        nodes += 1;
        if (nodes > MAX_NODES) return 'has too many values';
        if (isObject(child)) next.push(child);
      }
    }
    level = next;
  }
  return null;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
