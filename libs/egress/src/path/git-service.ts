import { splitTarget } from '@bot-bottle/manifest';

const push = 'git-receive-pack';
const fetch = 'git-upload-pack';

/**
 * Which service of git's smart HTTP protocol (gitprotocol-http) a request is for, whatever the spelling: percent
 * escapes are undone until nothing changes, case is ignored. A request that names both is a push.
 */
export function gitService(target: string): 'push' | 'fetch' | null {
  // Nearly every request ends here: no escape and no mention.
  if (!target.includes('%') && !/git-(?:receive|upload)-pack/i.test(target)) return null;
  const { path, query } = splitTarget(target);
  const mentions = [fullyDecoded(path), ...serviceParameters(query)];
  if (mentions.some((text) => text.includes(push))) return 'push';
  return mentions.some((text) => text.includes(fetch)) ? 'fetch' : null;
}

function serviceParameters(query: string | null): string[] {
  if (query === null) return [];
  return fullyDecoded(query)
    .split(/[&;?]/)
    .filter((pair) => /^\s*service\s*(?:\[.*\]\s*)?=/.test(pair));
}

function fullyDecoded(text: string): string {
  let current = text;
  for (let round = 0; round < 8; round += 1) {
    const next = current.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    if (next === current) break;
    current = next;
  }
  return current.toLowerCase();
}
