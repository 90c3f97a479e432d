/**
 * A remote's URL as it may enter a bottle: no password, no user over HTTP, no query or fragment. Null for anything that
 * is not plainly a network address: a path of the host, or a remote helper such as `ext::`.
 */
export function safeRemoteUrl(url: string): string | null {
  if (/[\p{Cc}\p{Cf}\s]/u.test(url)) return null;
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(url)?.[1]?.toLowerCase();
  if (scheme !== undefined) return fromUrl(url, scheme);
  // user@host:path, the short form of ssh; the user is part of the address there.
  const short = /^(?:([A-Za-z0-9._-]+)@)?([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):(?!:)([^:].*)$/.exec(url);
  if (short === null || short[2]?.startsWith('-') === true || short[1]?.startsWith('-') === true) return null;
  return url;
}

function fromUrl(text: string, scheme: string): string | null {
  if (!['http', 'https', 'ssh', 'git'].includes(scheme) || !URL.canParse(text)) return null;
  const url = new URL(text);
  url.password = '';
  if (scheme !== 'ssh') url.username = '';
  url.search = '';
  url.hash = '';
  return url.hostname === '' || url.hostname.startsWith('-') ? null : url.href;
}
