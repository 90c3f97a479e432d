import type { ManifestErrorCode } from './errors.ts';

/** Keys and list indices from the top of the front matter. */
export type KeyPath = readonly (string | number)[];

/** A mistake before it is known where in which file it stands. */
export interface Problem {
  readonly code: ManifestErrorCode;
  readonly message: string;
  readonly hint: string | null;
  readonly path: KeyPath;
  /** whether the key or its value is to be pointed at */
  readonly at: 'key' | 'value';
}

const plainKey = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;

/**
 * A key for display. Keys come from files that may be hostile or mistyped (`{TOKEN:value}` is one key in YAML), so
 * only what looks like a name is shown and the rest is cut off.
 */
export function showKey(key: string): string {
  const shown = /^[A-Za-z0-9_.-]{0,64}/.exec(key)?.[0] ?? '';
  return shown === key ? key : `${shown}…`;
}

/** Renders `['egress', 'routes', 2, 'host']` as `egress.routes[2].host`. */
export function renderPath(path: KeyPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (plainKey.test(step)) text += text === '' ? step : `.${step}`;
    else text += `["${showKey(step)}"]`;
  }
  return text;
}
