import { remembered } from '../remembered.ts';
import { normalizeHost } from './normalize-host.ts';
import type { NormalHost } from './normalize-host.ts';

export interface Authority extends NormalHost {
  readonly port: number;
}

export interface HostAndPort extends NormalHost {
  /** null when none was written */
  readonly port: number | null;
}

const shape = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::([1-9]\d{0,4}))?$/;

/** Parses `host[:port]` of a request (RFC 9110 7.2): ASCII only, IPv6 in brackets, no user info, no empty port. */
export const parseHostAndPort = remembered((text): HostAndPort | null => {
  const match = shape.exec(text);
  const host = match?.[1] === undefined ? null : normalizeHost(match[1]);
  if (host === null) return null;
  if (match?.[2] === undefined) return { ...host, port: null };
  const port = Number(match[2]);
  return port <= 65_535 ? { ...host, port } : null;
});

/** Like `parseHostAndPort` with `defaultPort` where none is written; null there means that a port is required. */
export function parseAuthority(text: string, defaultPort: number | null): Authority | null {
  const parsed = parseHostAndPort(text);
  const port = parsed?.port ?? defaultPort;
  return parsed === null || port === null ? null : { ...parsed, port };
}

/** Writes `host[:port]`, the port only where it is not `defaultPort`. */
export function formatAuthority(host: string, port: number, defaultPort: number | null): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === defaultPort ? name : `${name}:${port}`;
}
