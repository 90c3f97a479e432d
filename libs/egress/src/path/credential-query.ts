import { splitTarget } from '@bot-bottle/manifest';

const names: ReadonlySet<string> = new Set(['access_token', 'api_key', 'key', 'token']);

/**
 * Removes query parameters that carry a credential; on a route whose credential is injected they could only be the
 * agent's own, and an own key for an allowed API is a way out.
 */
export function stripCredentialQuery(target: string): string {
  const { path, query } = splitTarget(target);
  if (query === null) return target;
  const kept = query
    .split('&')
    .map(stripPair)
    .filter((pair) => pair !== null);
  if (kept.length === 0) return path;
  return `${path}?${kept.join('&')}`;
}

// Some servers take `;` as a separator too, so each part of a pair is looked at.
function stripPair(pair: string): string | null {
  if (!pair.includes(';')) return isCredential(pair) ? null : pair;
  const kept = pair.split(';').filter((part) => !isCredential(part));
  return kept.length === 0 ? null : kept.join(';');
}

function isCredential(pair: string): boolean {
  const [name = ''] = pair.split('=');
  return names.has(decoded(name).trim().toLowerCase());
}

function decoded(name: string): string {
  return name
    .replaceAll('+', ' ')
    .replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
